# SPDX-License-Identifier: MIT
"""The places of a kernel between which instructions are counted.

Each use of count_mark() and of bench_clock() (tests/bench/) leaves two words in the section
.bench_marks of the kernel's ELF file, which is not loaded: its address, and whether a sample begins
or ends there, or a wait that is not counted.
"""

import bisect
import os
import re
import subprocess

KINDS = ("begin", "end", "wait", "go_on")  # enum count_mark in arch/x86_64/count_mark.h
HEX_LINE = re.compile(r"^  0x[0-9a-f]{8} ((?:[0-9a-f]{1,8} ){1,4})", re.MULTILINE)


def tool(name, *arguments):
    command = [os.environ.get("CROSS_COMPILE", "") + name, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def read(elf):
    """[(kind, address)]"""
    dump = tool("readelf", "-x", ".bench_marks", str(elf))
    data = bytes.fromhex("".join(HEX_LINE.findall(dump)))
    words = [int.from_bytes(data[i:i + 8], "little") for i in range(0, len(data), 8)]
    return [(KINDS[kind], address) for address, kind in zip(words[::2], words[1::2])]


class Functions:
    """Which function an address of the kernel's text lies in."""

    def __init__(self, elf):
        lines = (line.split() for line in tool("nm", "-n", str(elf)).splitlines())
        symbols = [(int(words[0], 16), words[2]) for words in lines
                   if len(words) == 3 and words[1] in "tT"]
        self.addresses = [address for address, _ in symbols]
        self.names = [name for _, name in symbols]

    def name(self, address):
        """Without what the compiler appends to a clone's name."""
        return self.names[bisect.bisect_right(self.addresses, address) - 1].partition(".")[0]
