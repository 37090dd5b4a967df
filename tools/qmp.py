# SPDX-License-Identifier: MIT
"""tools/qmp.py - QEMU's monitor, QMP, for tools that are something of the machine's outside."""

import json
import pathlib
import socket
import threading
import time

START_LIMIT = 20  # seconds until QEMU listens
POLL = 0.05

# Characters whose keys are not named after them; with Shift: a pair.
KEYS = {" ": "spc", "\r": "ret", "\t": "tab", "\x08": "backspace", "\x1b": "esc", "-": "minus", "=": "equal",
        "[": "bracket_left", "]": "bracket_right", ";": "semicolon", "'": "apostrophe", "`": "grave_accent",
        "\\": "backslash", ",": "comma", ".": "dot", "/": "slash"}
SHIFTED = dict(zip('!@#$%^&*()_+{}|:"~<>?', "1234567890-=[]\\;'`,./"))
HOLD = 20  # ms: how long a key is down


class Refused(Exception):
    """QEMU does not do it; the text is QEMU's."""


def arguments(path):
    """What QEMU wants for a monitor there."""
    return ["-qmp", f"unix:{path},server=on,wait=off"]


def keys_of(char):
    """The keys, by QEMU's names, that are down together for @char."""
    if char in SHIFTED:
        return ["shift", *keys_of(SHIFTED[char])]
    if char.isupper():
        return ["shift", char.lower()]
    if char not in KEYS and char < " ":
        return ["ctrl", chr(ord(char) + 0x60)]
    return [KEYS.get(char, char)]


class Qmp:
    """The monitor: commands of one thread, and events that are given to @on_event as they come."""

    def __init__(self, path, on_event=lambda event: None):
        self.path = pathlib.Path(path)
        self.on_event = on_event
        self.stream = None
        self.replies = []
        self.arrived = threading.Condition()

    def connect(self, run):
        """Wait until QEMU listens.  False: it never does."""
        deadline = time.monotonic() + START_LIMIT
        connection = socket.socket(socket.AF_UNIX)
        # Its socket is there a moment before it listens.
        while connection.connect_ex(str(self.path)) != 0:
            if run.poll() is not None or time.monotonic() > deadline:
                return False
            time.sleep(POLL)
        self.stream = connection.makefile("rw")
        self.stream.readline()  # the greeting
        threading.Thread(target=self.read, daemon=True).start()
        self.ask("qmp_capabilities")
        return True

    def read(self):
        for line in self.stream:
            answer = json.loads(line)
            if "event" in answer:
                self.on_event(answer)
            else:
                with self.arrived:
                    self.replies.append(answer)
                    self.arrived.notify()

    def ask(self, command, **parameters):
        self.stream.write(json.dumps({"execute": command, "arguments": parameters}) + "\n")
        self.stream.flush()
        with self.arrived:
            if not self.arrived.wait_for(lambda: self.replies, START_LIMIT):
                raise Refused(f"{command}: no answer")
            answer = self.replies.pop()
        if "error" in answer:
            raise Refused(f"{command}: {answer['error']['desc']}")
        return answer["return"]

    def type(self, text):
        """On the keyboard."""
        for char in text:
            keys = [{"type": "qcode", "data": key} for key in keys_of(char)]
            self.ask("send-key", keys=keys, **{"hold-time": HOLD})
