/* SPDX-License-Identifier: MIT */
/*
 * tests/host/fuzz/acpi_fuzz.c - every ACPI parser on the same bytes.  Length and
 * checksum are made right in a copy, so that the input is about what they protect;
 * the untouched bytes are parsed too.
 */
#include "lib/acpi.h"
#include "tests/host/fuzz/fuzz.h"

static struct acpi_cpus cpus;

static void complain(const char *message)
{
	ASSERT(strlen(message) > 0 && strchr(message, '\n') == NULL, "not one line");
}

static void check_cpus(void)
{
	ASSERT(cpus.n <= ACPI_MAX_CPUS && cpus.n_ioapics <= ACPI_MAX_IOAPICS, "too many");
	for (unsigned int i = 0; i < cpus.n; i++) {
		for (unsigned int j = 0; j < i; j++)
			ASSERT(cpus.cpus[i].apic_id != cpus.cpus[j].apic_id, "twice the same");
	}
}

/* Each interrupt of the ISA bus comes in somewhere, and what comes in there is like it. */
static void check_interrupts(void)
{
	for (unsigned int i = 0; i < cpus.n_ioapics; i++) {
		for (unsigned int j = 0; j < i; j++)
			ASSERT(cpus.ioapics[i].gsi_base != cpus.ioapics[j].gsi_base, "twice");
		ASSERT(cpus.ioapics[i].phys != 0, "at address 0");
	}
	for (unsigned int i = 0; i < ACPI_ISA_LINES; i++)
		ASSERT(acpi_line(&cpus, cpus.isa[i].gsi).gsi == cpus.isa[i].gsi, "nowhere");
}

static void parse_all(const u8 *table, size_t size)
{
	struct acpi_fadt fadt;
	struct acpi_root root;
	u64 phys;

	acpi_parse_rsdp(table, size, &root);
	if (acpi_parse_madt(table, size, &cpus, complain) == 0)
		check_cpus(), check_interrupts();
	if (acpi_parse_fadt(table, size, &fadt) == 0)
		ASSERT(fadt.pm_timer.space <= ACPI_SPACE_IO, "space");
	acpi_parse_hpet(table, size, &phys);
	acpi_find_cpu_slots(table, size);
	if (acpi_check_table(table, size, NULL) != 0)
		return;
	for (size_t i = 0; i <= acpi_root_count(table); i++)
		acpi_root_entry(table, i);
}

/* Make @n bytes sum to zero by the byte at @offset. */
static void fix_checksum(u8 *table, size_t offset, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i != offset)
			table[offset] = (u8)(table[offset] - table[i]);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u8 *copy = malloc(size + 1);
	u32 length = (u32)size;

	parse_all(data, size);
	memcpy(copy, data, size);
	if (size >= ACPI_HEADER_SIZE && memcmp(data, "RSD PTR ", 8) != 0) {
		memcpy(copy + 4, &length, sizeof(length));
		copy[9] = 0;
		fix_checksum(copy, 9, size);
	} else if (size >= ACPI_RSDP_SIZE) {
		copy[8] = copy[32] = 0;
		fix_checksum(copy, 8, ACPI_RSDP_V1_SIZE);
		fix_checksum(copy, 32, ACPI_RSDP_SIZE);
	}
	parse_all(copy, size);
	free(copy);
	return 0;
}
