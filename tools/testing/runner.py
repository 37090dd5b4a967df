# SPDX-License-Identifier: MIT
"""Run rows, some at a time, each with a limit and a log, and say how each ended."""

import concurrent.futures
import dataclasses
import os
import re
import signal
import subprocess
import threading
import time
import typing

TAIL = 30  # lines of a failed row's log that are shown
# And before them as many of those that say what failed, wherever they are, as not all of this may
# be kept: tests, their expectations, the checks of programs, panics, flushes that are missing.
TELLING = re.compile(r"\s*(not ok \d|# \S+:\d+: |\w+: user/\S+:\d+: )|PANIC: |tlbcheck: CPU ")


@dataclasses.dataclass
class Row:
    """Commands that run one after another.  All but the last must end with status 0."""

    name: str
    commands: list
    status: int = 0  # wanted of the last command
    limit: int = 150  # seconds for all of it: a hang detector
    must: tuple = ()  # regular expressions that some line must have
    must_not: tuple = ()  # and that no line may have
    check: typing.Callable = None  # of the whole log; returns what is wrong, or None


class Failed(Exception):
    """What is wrong with a row, in words."""


def signal_group(process, number):
    """To a command and what it started; it may have ended by itself just now."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        pass


def run_command(command, log, deadline, live):
    """The status of @command, whose output goes to @log.  It is in @live meanwhile."""
    log.write(("$ " + " ".join(command) + "\n").encode())
    log.flush()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                               stderr=subprocess.STDOUT, start_new_session=True)
    live.add(process)
    try:
        return process.wait(max(deadline - time.monotonic(), 0))
    except subprocess.TimeoutExpired as late:
        # tools/run, or a make above it, lets its emulator go at SIGTERM.
        signal_group(process, signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            pass
        raise Failed("takes longer than its limit") from late
    finally:
        if process.poll() is None:
            signal_group(process, signal.SIGKILL)
            process.wait()
        live.discard(process)


def judge(row, status, text):
    if status != row.status:
        raise Failed(f"status {status}, expected {row.status}")
    for pattern in row.must:
        if not re.search(pattern, text, re.MULTILINE):
            raise Failed(f"no line says: {pattern}")
    for pattern in row.must_not:
        found = re.search(pattern, text, re.MULTILINE)
        if found:
            raise Failed(f"a line says: {found[0]}")
    wrong = row.check(text) if row.check else None
    if wrong:
        raise Failed(wrong)


def run_row(row, path, live):
    """Raises Failed."""
    deadline = time.monotonic() + row.limit
    with open(path, "wb") as log:
        for number, command in enumerate(row.commands, 1):
            status = run_command(command, log, deadline, live)
            if number < len(row.commands) and status != 0:
                raise Failed(f"{command[0]}: status {status}")
    judge(row, status, path.read_text(errors="replace").replace("\r", ""))


def worth_showing(lines):
    """Of a failed row's log."""
    return ([line for line in lines if TELLING.match(line)][:TAIL] +
            [line for line in lines[-TAIL:] if not TELLING.match(line)])


class Runner:
    """Runs rows and counts."""

    def __init__(self, logs, jobs):
        self.logs, self.jobs = logs, jobs
        self.passed = self.failed = 0
        self.lock = threading.Lock()  # of the counts and of standard output
        self.live = set()  # processes
        self.stopping = False

    def stop(self):
        """Start nothing more, and end what runs."""
        self.stopping = True
        for process in list(self.live):
            signal_group(process, signal.SIGTERM)

    def one(self, row):
        if self.stopping:
            return
        path = self.logs / f"{row.name}.log"
        start, wrong = time.monotonic(), None
        try:
            run_row(row, path, self.live)
        except (Failed, OSError) as trouble:
            wrong = str(trouble)
        with self.lock:
            if self.stopping:
                return
            self.report(row, path, wrong, time.monotonic() - start)

    def report(self, row, path, wrong, seconds):
        print(f"{'FAIL' if wrong else 'ok':4} {seconds:6.1f} s  {row.name}", flush=True)
        if not wrong:
            self.passed += 1
            return
        self.failed += 1
        lines = path.read_text(errors="replace").splitlines() if path.exists() else []
        print(f"     {wrong}; what failed in, and the end of, {path}:")
        print("\n".join("     | " + line for line in worth_showing(lines)), flush=True)

    def run(self, rows):
        """In order, some beside each other.  True: all passed."""
        self.logs.mkdir(parents=True, exist_ok=True)
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            try:
                list(pool.map(self.one, rows))
            except KeyboardInterrupt:
                self.stop()
                raise
        print(f"{self.passed} passed, {self.failed} failed")
        return self.failed == 0 and self.passed > 0
