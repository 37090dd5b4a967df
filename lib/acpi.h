/* SPDX-License-Identifier: MIT */
/*
 * lib/acpi.h - what the kernel needs of the ACPI tables, out of plain bytes.
 *
 * Nothing here maps memory: the caller brings each table as bytes that it can read,
 * at any alignment, and learns from acpi_table_length() how many to bring.  Every
 * parser checks signature, length and checksum before it believes a table.  Errors:
 * -EINVAL for a table that cannot be believed.  Pure; any context.
 */
#pragma once

#include "lib/types.h"

#define ACPI_RSDP_V1_SIZE 20
#define ACPI_RSDP_SIZE	  36 /* bytes to bring to acpi_parse_rsdp() */
#define ACPI_HEADER_SIZE  36 /* bytes to bring to acpi_table_length() */
#define ACPI_TABLE_MAX	  (16 * MIB)

#define ACPI_MAX_CPUS	 256
#define ACPI_MAX_IOAPICS 16
#define ACPI_ISA_LINES	 16

/* Gets one line, without newline, that names the table and the entry. */
typedef void acpi_complain(const char *message);

/* Where the root table is: the XSDT, or the RSDT where there is no XSDT. */
struct acpi_root {
	u64 phys;
	bool xsdt;
	u8 revision;
};

/* @len: readable bytes, at least ACPI_RSDP_V1_SIZE; a revision 2 needs all 36. */
int acpi_parse_rsdp(const void *rsdp, size_t len, struct acpi_root *out);

/* The whole table's length by its header, not yet believed; 0 if it is absurd. */
u32 acpi_table_length(const void *header);

/* Has the table of @len readable bytes this signature (null: any), and is it whole? */
int acpi_check_table(const void *table, size_t len, const char *signature);

/*
 * The number of tables that a checked RSDT or XSDT lists, and the physical address of
 * the one with number @i; 0 if there is no such entry.
 */
size_t acpi_root_count(const void *root);
u64 acpi_root_entry(const void *root, size_t i);

struct acpi_cpu {
	u32 apic_id;
	u32 acpi_uid;
	bool enabled; /* false: not running, but may be started later */
};

struct acpi_ioapic {
	u32 id;
	u32 phys;
	u32 gsi_base;
};

/* Where an interrupt comes in: a global system interrupt, and what its signal is like. */
struct acpi_line {
	u32 gsi;
	bool level; /* else by an edge */
	bool low;   /* else active high */
};

/* What the MADT says.  Too large for a small stack. */
struct acpi_cpus {
	u64 lapic_phys;
	bool has_8259;
	unsigned int n, n_ioapics;
	struct acpi_cpu cpus[ACPI_MAX_CPUS]; /* in the table's order; no APIC id twice */
	struct acpi_ioapic
		ioapics[ACPI_MAX_IOAPICS];    /* none twice, by address or first interrupt */
	u16 overridden;			      /* bits: which of the next the table has named */
	struct acpi_line isa[ACPI_ISA_LINES]; /* the ISA bus's interrupts */
};

/*
 * Entries of CPUs that are neither enabled nor to be enabled are passed over without
 * a word, and so are types that are not needed.  Each bad entry is complained of
 * once and left out; one whose length leads nowhere ends the table.
 * Returns 0; -EINVAL; -ENODEV if no CPU is left.  @complain may be null.
 */
int acpi_parse_madt(const void *madt, size_t len, struct acpi_cpus *out, acpi_complain *complain);

/*
 * Global system interrupt @gsi, as the table has it: if an ISA interrupt comes in there, like
 * that one, else like those of PCI, by level and active low.
 */
struct acpi_line acpi_line(const struct acpi_cpus *madt, u32 gsi);

enum acpi_space {
	ACPI_SPACE_MEMORY = 0,
	ACPI_SPACE_IO = 1,
	ACPI_SPACE_PCI = 2, /* configuration space */
};

/* address 0: there is no such register. */
struct acpi_register {
	u64 address;
	u8 space; /* enum acpi_space, or a value that is none of ours */
	u8 width; /* bits */
};

struct acpi_fadt {
	struct acpi_register pm_timer; /* in memory or I/O space only */
	u8 pm_timer_bits;	       /* that count: 24 or 32 */
	struct acpi_register reset;
	u8 reset_value;
	u64 dsdt;	 /* physical; 0: none */
	u16 pm1_control; /* port of the PM1a control register; 0: none */
	bool emulators;	 /* it has the OEM id that QEMU's and Bochs' tables bear */
	bool hardware_reduced;
	u16 boot_flags; /* IA-PC boot architecture flags: ACPI_BOOT_* */
};

#define ACPI_BOOT_LEGACY_DEVICES 0x01
#define ACPI_BOOT_8042		 0x02
#define ACPI_BOOT_NO_VGA	 0x04
#define ACPI_BOOT_NO_CMOS_RTC	 0x20

int acpi_parse_fadt(const void *fadt, size_t len, struct acpi_fadt *out);

/*
 * The first port of QEMU's CPU hotplug registers, as QEMU's own DSDT names it; 0: this is
 * not QEMU's, or it names none.  See lib/acpi_dsdt.c.
 */
u16 acpi_find_cpu_slots(const void *dsdt, size_t len);

/* The physical address of the HPET's registers. */
int acpi_parse_hpet(const void *hpet, size_t len, u64 *phys);
