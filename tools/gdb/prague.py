# SPDX-License-Identifier: MIT
"""tools/gdb/prague.py - gdb commands that know the kernel: pgd CPU, percpu VAR CPU.

    gdb -x tools/gdb/prague.py build/percpu-debug/kernel.elf -ex 'target remote :1234'

Page tables are read by physical address, which QEMU's gdb server offers; variables by
virtual address, so the CPU that gdb looks through must be in the kernel.
"""

import gdb

ENTRIES = 512
PRESENT, WRITABLE, USER, LARGE, GLOBAL, NX = 1, 1 << 1, 1 << 2, 1 << 7, 1 << 8, 1 << 63
ADDRESS = 0x000FFFFFFFFFF000
KERNEL_HALF, LAST = 256, 511
HALF_LEVEL = 4  # of the table whose entries 256..511 are the kernel half


def value(expression):
    return int(gdb.parse_and_eval(expression))


def cpu_number(text):
    """A CPU that the kernel knows of."""
    cpu, count = value(text), value("cpu_count")
    if not 0 <= cpu < count:
        raise gdb.GdbError(f"there is no CPU {cpu}: the kernel knows {count}")
    return cpu


def read_physical(phys, size):
    """Bytes of the guest's memory."""
    gdb.execute("maintenance packet Qqemu.PhyMemMode:1", to_string=True)
    try:
        return gdb.selected_inferior().read_memory(phys, size).tobytes()
    finally:
        gdb.execute("maintenance packet Qqemu.PhyMemMode:0", to_string=True)


def table(phys):
    """The 512 entries of the page table at @phys."""
    data = read_physical(phys, ENTRIES * 8)
    return [int.from_bytes(data[i * 8:i * 8 + 8], "little") for i in range(ENTRIES)]


def describe(entry):
    words = ["large" if entry & LARGE else "table", "user" if entry & USER else "kernel",
             "rw" if entry & WRITABLE else "ro"]
    words += ["global"] if entry & GLOBAL else []
    words += ["nx"] if entry & NX else []
    return f"{entry & ADDRESS:#x} {' '.join(words)}"


def show_table(path, phys):
    """The table at @phys, reached by the entries @path; returns the address in its entry 511."""
    entries = table(phys)
    prefix = "".join(f" {index}" for index in path)
    user = sum(entry & PRESENT for entry in entries[:KERNEL_HALF])
    shared = [(i, entries[i]) for i in range(KERNEL_HALF, LAST) if entries[i] & PRESENT]
    print(f"{prefix}   0..{KERNEL_HALF - 1} {user} present")
    print(f"{prefix} {KERNEL_HALF}..{LAST - 1} {len(shared)} present")
    for index, entry in shared + [(LAST, entries[LAST])]:
        print(f"{prefix} {index} {describe(entry)}")
    return entries[LAST] & ADDRESS


class Pgd(gdb.Command):
    """pgd CPU: the neutral page table of a CPU, what its kernel half and its own entry hold.

    With five levels the kernel half is below entry 511 of the top level."""

    def __init__(self):
        super().__init__("pgd", gdb.COMMAND_DATA)

    def invoke(self, argument, _from_tty):
        cpu = cpu_number(argument)
        root = value(f"cpus[{cpu}].neutral_root")
        print(f"CPU {cpu}: neutral root at {root:#x}")
        path, phys = [], root
        for _ in range(HALF_LEVEL, value("pt_levels") + 1):
            phys = show_table(path, phys)
            path.append(LAST)
        prefix = "".join(f" {index}" for index in path)
        for index, entry in enumerate(table(phys)):
            if entry & PRESENT:
                print(f"{prefix} {index} {describe(entry)}")


class PerCpu(gdb.Command):
    """percpu VAR CPU: the value of a per-CPU variable on a CPU."""

    def __init__(self):
        super().__init__("percpu", gdb.COMMAND_DATA, gdb.COMPLETE_SYMBOL)

    def invoke(self, argument, _from_tty):
        words = gdb.string_to_argv(argument)
        if len(words) != 2:
            raise gdb.GdbError("percpu VAR CPU")
        cpu = cpu_number(words[1])
        variable = gdb.parse_and_eval(words[0])
        offset = value(f"percpu_offset[{cpu}]")
        if offset == 0:
            raise gdb.GdbError(f"CPU {cpu} has no variables yet")
        at = (int(variable.address) + offset) % (1 << 64)
        copy = gdb.Value(at).cast(variable.type.unqualified().pointer()).dereference()
        print(f"{words[0]} on CPU {cpu} = {copy} at {at:#x}")


Pgd()
PerCpu()
