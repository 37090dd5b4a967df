# SPDX-License-Identifier: MIT
"""What each function of a kernel's ELF file does to the stack, and whom it calls.

A function is what is called, or whose address is taken.  Its instructions are followed from
the first along jumps and past calls, also into other symbols (.cold parts, assembly), with the
stack's depth in bytes below where the stack pointer was at the first one.  A call that does
not return is not followed: a function returns if a RET can be reached past calls of
functions that do.  A switch (arch/x86_64/switch.h) is gone past: it comes back to the same depth.  Compilers keep RBP as the frame pointer, so each change of RSP is known;
one that is not is an error.
"""

import bisect
import dataclasses
import os
import pathlib
import re
import struct
import subprocess

WORD = 8
LOWEST = -(1 << 32)  # less than any depth
LINE = re.compile(r"^([0-9a-f]+):\t(.*)$")
COMMENT = re.compile(r"\s*(?:<[^<>]*>)?\s*(?:# ([0-9a-f]+) .*)?$")
TARGET = re.compile(r"^(?:call|j\w+|loop\w*) +([0-9a-f]+)$")
PREFIX = re.compile(r"^(?:(?:bnd|notrack|lock|rep\w*|cs|ds|data16) )+")
HIGH = re.compile(r"\b(?:0x)?(f{8}[0-9a-f]{8})\b")
LOW = re.compile(r"\$-0x([0-9a-f]+)\b")
SECTION = re.compile(r"^ +\[ *\d+\] \S+ +(PROGBITS) +([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+) \S+ +([A-Z]+)")
RESTORE = re.compile(r"^lea +-0x([0-9a-f]+)\(%rbp\),%rsp$")
ADJUST = re.compile(r"^(sub|add) +\$(-?)0x([0-9a-f]+),%rsp$")
# The end of switch_stacks(): what was pushed on one stack is popped from one that was left so.
SWITCH = ("mov %rsp,(%rdi)", "mov %rsi,%rsp", "pop %rbp", "pop %rcx", "jmp *%rcx")
LOAD = re.compile(r"^lea +(-?)0x([0-9a-f]+)\(%rsp\),%rsp$")


class Unknown(Exception):
    """Code that this file does not understand."""


@dataclasses.dataclass
class Call:
    depth: int  # where the callee's return address ends
    target: int  # 0: indirect
    text: str


@dataclasses.dataclass
class Function:
    address: int
    name: str
    file: str
    depth: int = 0  # the deepest place of its own
    returns: bool = False
    calls: dict = dataclasses.field(default_factory=dict)  # by address of the instruction


def tool(name, *arguments):
    command = [os.environ.get("CROSS_COMPILE", "") + name, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def signed(number):
    return number - (1 << 64) if number >> 63 else number


class Code:
    """Instructions, symbols and taken addresses of one ELF file."""

    def __init__(self, elf, new_stack=()):
        self.new_stack = frozenset(new_stack)  # functions in which MOV to RSP means another stack
        self.read_symbols(elf)
        self.read_sections(elf)
        self.read_instructions(elf)
        self.functions = {}

    def read_symbols(self, elf):
        self.symbols, self.starts, file = {}, set(), ""
        for line in tool("readelf", "-sW", elf).splitlines():
            word = line.split()
            if len(word) < 8 or not word[0].rstrip(":").isdigit():
                continue
            kind, bind, name, address = word[3], word[4], word[7], int(word[1], 16)
            if kind == "FILE":
                file = name
            elif kind in ("FUNC", "NOTYPE") and word[6] != "ABS":
                self.symbols.setdefault(address, (name, file if bind == "LOCAL" else ""))
                if kind == "FUNC":
                    self.symbols[address] = (name, file if bind == "LOCAL" else "")
                    self.starts.add(address)
        self.sorted = sorted(self.symbols)

    def read_sections(self, elf):
        """(address, bytes) of what is loaded and is no code."""
        data, self.sections = pathlib.Path(elf).read_bytes(), []
        for line in tool("readelf", "-SW", elf).splitlines():
            match = SECTION.match(line)
            if match and "A" in match[5] and "X" not in match[5]:
                at, size = int(match[3], 16), int(match[4], 16)
                self.sections.append((int(match[2], 16), data[at:at + size]))

    def cleaned(self, text):
        """An instruction without prefixes and objdump's comments; LEA of a place names it."""
        comment = COMMENT.search(text)
        text = PREFIX.sub("", text[:comment.start()])
        if comment[1] and text.startswith("lea"):
            return re.sub(r"-?0x[0-9a-f]+\(%rip\)", f"$0x{comment[1]}", text)
        return text

    def word(self, address):
        for begin, data in self.sections:
            if begin <= address <= begin + len(data) - WORD:
                return struct.unpack_from("<Q", data, address - begin)[0]
        return 0

    def taken(self):
        """Functions whose address is in data, or in an instruction that does not go there."""
        found = {place for _, data in self.sections
                 for place, in struct.iter_unpack("<Q", data[:len(data) & -WORD])}
        for text in self.text.values():
            if not TARGET.match(text):
                found |= {int(digits, 16) for digits in HIGH.findall(text)}
                found |= {(1 << 64) - int(digits, 16) for digits in LOW.findall(text)}
        return found & self.starts

    def read_instructions(self, elf):
        self.text, order = {}, []
        for line in tool("objdump", "-Dw", "-j", ".text", "--no-show-raw-insn", elf).splitlines():
            match = LINE.match(line.strip())
            if match:
                address = int(match[1], 16)
                self.text[address] = self.cleaned(match[2])
                order.append(address)
        self.next = dict(zip(order, order[1:]))
        self.switch = set()  # addresses of the instructions of SWITCH
        texts = [" ".join(self.text[address].split()) for address in order]
        for i, text in enumerate(texts):
            if text == SWITCH[0] and tuple(texts[i:i + len(SWITCH)]) == SWITCH:
                self.switch.update(order[i:i + len(SWITCH)])

    def name(self, address):
        """Of the symbol that holds @address, and its offset there."""
        at = self.sorted[bisect.bisect_right(self.sorted, address) - 1]
        return self.symbols[at][0], address - at

    # --- one function ------------------------------------------------------------------

    def follow(self, function, work, waiting):
        """Go on at each (address, depth, depth that RBP holds) of @work."""
        while work:
            address, depth, frame = work.pop()
            seen = self.seen[function.address]
            if seen.get(address, LOWEST) >= depth:
                continue
            if address in seen and depth > seen[address] + 16 * WORD:
                raise Unknown(f"{function.name}: the stack grows in a loop at {address:#x}")
            seen[address] = depth
            work += self.step(function, address, depth, frame, waiting)

    def step(self, function, address, depth, frame, waiting):
        """What follows the instruction at @address: [(address, depth, frame)]."""
        text = self.text.get(address)
        if text is None:
            raise Unknown(f"{function.name}: no instruction at {address:#x}")
        after = self.next.get(address)
        name = text.split(None, 1)[0]
        if name.startswith("ret") or name in ("iretq", "sysretq"):
            function.returns |= name.startswith("ret")  # the others come back to no caller
            return []
        if name.startswith("ud2") or name == "retfq" and after is None:
            return []
        if name.startswith("call"):
            return self.step_call(function, address, depth, frame, waiting)
        if name.startswith("j") or name.startswith("loop"):
            return self.step_jump(function, address, depth, frame)
        depth, frame = self.effect(address, text, depth, frame)
        function.depth = max(function.depth, depth)
        return self.fall(after, depth, frame)

    def fall(self, after, depth, frame):
        """The next instruction, unless another function begins there."""
        return [] if after is None or after in self.starts else [(after, depth, frame)]

    def step_call(self, function, address, depth, frame, waiting):
        text, after = self.text[address], self.next.get(address)
        match = TARGET.match(text)
        target = int(match[1], 16) if match else 0
        function.depth = max(function.depth, depth + WORD)
        function.calls[address] = Call(depth + WORD, target, text)
        rest = self.fall(after, depth, frame)
        if target and not self.function(target).returns:
            waiting.setdefault(target, []).append((function, rest))
            return []
        return rest

    def step_jump(self, function, address, depth, frame):
        text, after = self.text[address], self.next.get(address)
        match = TARGET.match(text)
        rest = [] if text.startswith("jmp") else self.fall(after, depth, frame)
        if address in self.switch:
            return self.fall(after, depth, frame)
        if match:
            return rest + [(int(match[1], 16), depth, frame)]
        return [(place, depth, frame) for place in self.switch_targets(function, text)]

    def switch_targets(self, function, text):
        """Of an indirect jump: the table that it names, as long as it stays in the function."""
        match = re.match(r"^jmp +\*-0x([0-9a-f]+)\(,%r\w+,8\)$", text)
        if not match:
            raise Unknown(f"{function.name}: {text}")
        at, places = (1 << 64) - int(match[1], 16), []
        name = self.name(function.address)[0]
        while True:
            place = self.word(at)
            if self.name(place)[0].removesuffix(".cold") != name or place not in self.text:
                break
            places.append(place)
            at += WORD
        if not places:
            raise Unknown(f"{function.name}: an empty table: {text}")
        return places

    def effect(self, address, text, depth, frame):
        """Depth and frame after @text, which neither calls nor jumps."""
        name, _, operands = text.partition(" ")
        operands = operands.strip()
        if name.startswith("push"):
            return depth + WORD, frame
        if name.startswith("pop"):
            if operands == "%rsp":
                raise Unknown(f"{self.name(address)[0]}: {text}")
            return depth - WORD, frame
        if name == "leave":
            return frame - WORD, frame
        if name == "retfq":
            return depth - 2 * WORD, frame
        if text.replace("  ", " ").endswith("%rsp,%rbp") and name == "mov":
            return depth, depth
        if operands.endswith(",%rsp") or operands in ("%rsp", "%esp"):
            return self.new_depth(address, text, depth, frame), frame
        if operands.endswith(",%esp"):
            raise Unknown(f"{self.name(address)[0]}: {text}")
        return depth, frame

    def new_depth(self, address, text, depth, frame):
        """After an instruction that writes RSP."""
        name = text.split(None, 1)[0]
        if name in ("cmp", "test"):
            return depth
        match = ADJUST.match(text)
        if match:
            change = signed(int(match[3], 16)) * (-1 if match[2] else 1)
            return depth + (change if match[1] == "sub" else -change)
        match = RESTORE.match(text)
        if match:
            return frame + int(match[1], 16)
        match = LOAD.match(text)
        if match:
            return depth + int(match[2], 16) * (1 if match[1] else -1)
        if re.match(r"^mov +%rbp,%rsp$", text):
            return frame
        if re.match(r"^and +\$0xfffffffffffffff0,%rsp$", text):
            return depth + WORD
        if address in self.switch:
            return depth
        if self.name(address)[0] in self.new_stack:
            return 0
        raise Unknown(f"{self.name(address)[0]}: {text}")

    # --- all of them ---------------------------------------------------------------------

    def function(self, address):
        if address not in self.functions:
            name, offset = self.name(address)
            name = name if offset == 0 else f"{name}+{offset:#x}"
            file = self.symbols[address][1] if offset == 0 else ""
            self.functions[address] = Function(address, name, file)
            self.fresh.append(self.functions[address])
        return self.functions[address]

    def explore(self, entries):
        """Find all functions that are called from those at @entries, and theirs."""
        self.seen, self.fresh, waiting = {}, [], {}
        for address in entries:
            self.function(address)
        while self.fresh:
            function = self.fresh.pop()
            self.seen[function.address] = {}
            self.run(function, [(function.address, 0, 0)], waiting)
        return self.functions

    def run(self, function, work, waiting):
        """Follow @function; who waits for it to return goes on, once it is known to."""
        pending = [(function, work)]
        while pending:
            function, work = pending.pop()
            self.follow(function, work, waiting)
            if function.returns:
                pending += waiting.pop(function.address, [])
