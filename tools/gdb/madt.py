# SPDX-License-Identifier: MIT
"""tools/gdb/madt.py - make the firmware's MADT wrong before the kernel reads it: for tools/test.

No emulator can be told to have such a table.  The machine is to be started with more
possible CPUs than present ones (-smp 2,maxcpus=4), so that the table has entries for
CPUs that are not there.
"""

import struct

import gdb

RSDP_RSDT = 16
HEADER = 36
CHECKSUM = 9
ENTRIES = 44
LAPIC, LAPIC_APIC_ID, LAPIC_FLAGS, ENABLED = 0, 3, 4, 1


class Memory:
    """The guest's memory by physical address, which QEMU's gdb server offers."""

    def __enter__(self):
        gdb.execute("maintenance packet Qqemu.PhyMemMode:1", to_string=True)
        return self

    def __exit__(self, *_error):
        gdb.execute("maintenance packet Qqemu.PhyMemMode:0", to_string=True)

    def read(self, phys, size):
        return gdb.selected_inferior().read_memory(phys, size).tobytes()

    def write(self, phys, data):
        gdb.selected_inferior().write_memory(phys, bytes(data))

    def word(self, phys):
        return struct.unpack("<I", self.read(phys, 4))[0]


def find_madt(memory, rsdp):
    """Its address, by way of the RSDT, which BIOS has."""
    rsdt = memory.word(rsdp + RSDP_RSDT)
    for at in range(rsdt + HEADER, rsdt + memory.word(rsdt + 4), 4):
        table = memory.word(at)
        if memory.read(table, 4) == b"APIC":
            return table
    raise gdb.GdbError("there is no MADT")


class Madt:
    """A copy of the table, to be changed and written back."""

    def __init__(self, memory, phys):
        self.memory, self.phys = memory, phys
        self.data = bytearray(memory.read(phys, memory.word(phys + 4)))

    def absent_cpu(self):
        """The offset of the first entry of a CPU that is not there."""
        at = ENTRIES
        while at < len(self.data):
            if self.data[at] == LAPIC and not self.data[at + LAPIC_FLAGS] & ENABLED:
                return at
            at += self.data[at + 1]
        raise gdb.GdbError("every CPU of the MADT is there: start with -smp 2,maxcpus=4")

    def phantom(self):
        """A CPU that never answers."""
        self.data[self.absent_cpu() + LAPIC_FLAGS] |= ENABLED

    def duplicate(self):
        """The boot CPU a second time."""
        at = self.absent_cpu()
        self.data[at + LAPIC_FLAGS] |= ENABLED
        self.data[at + LAPIC_APIC_ID] = 0

    def absurd(self):
        """The id that means all CPUs."""
        at = self.absent_cpu()
        self.data[at + LAPIC_FLAGS] |= ENABLED
        self.data[at + LAPIC_APIC_ID] = 0xFF

    def checksum(self):
        """Nothing else: it is store() that writes a sum which is wrong."""

    def store(self, good):
        self.data[CHECKSUM] = 0
        self.data[CHECKSUM] = (-sum(self.data) + (0 if good else 1)) & 0xFF
        self.memory.write(self.phys, self.data)


class BreakMadt(gdb.Command):
    """break-madt phantom|duplicate|absurd|checksum: at the start of acpi_read_tables()."""

    def __init__(self):
        super().__init__("break-madt", gdb.COMMAND_DATA)

    def invoke(self, argument, _from_tty):
        rsdp = int(gdb.parse_and_eval("rsdp"))
        with Memory() as memory:
            madt = Madt(memory, find_madt(memory, rsdp))
            getattr(madt, argument)()
            madt.store(good=argument != "checksum")
        print(f"the MADT at {madt.phys:#x} is now {argument}")


BreakMadt()
