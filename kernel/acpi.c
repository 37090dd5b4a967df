/* SPDX-License-Identifier: MIT */
/*
 * kernel/acpi.c - find and map the tables; lib/acpi.c understands them.
 */
#include "kernel/acpi.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mm/kspace.h"

#define CACHED 0 /* ACPI tables are ordinary memory */

struct machine machine;

static void complain(const char *message)
{
	printk("acpi: %s\n", message);
}

/* Map the table at @pa, whole; NULL after one line. */
static const void *map_table(paddr_t pa, const char *what)
{
	const void *header = kspace_map_device(pa, ACPI_HEADER_SIZE, CACHED);
	u32 len;
	const void *table;

	if (header == NULL) {
		printk("acpi: no memory to map the %s at %#lx\n", what, pa);
		return NULL;
	}
	len = acpi_table_length(header);
	if (len == 0) {
		printk("acpi: the %s at %#lx has an absurd length, not used\n", what, pa);
		return NULL;
	}
	table = kspace_map_device(pa, len, CACHED);
	if (table == NULL) {
		printk("acpi: no memory to map the %s at %#lx, %u bytes\n", what, pa, len);
		return NULL;
	}
	if (acpi_check_table(table, len, NULL)) {
		printk("acpi: the %s at %#lx has a bad checksum, not used\n", what, pa);
		return NULL;
	}
	return table;
}

static void read_madt(const void *table, u32 len)
{
	if (machine.cpus.n != 0)
		printk("acpi: a second MADT, not used\n");
	else if (acpi_parse_madt(table, len, &machine.cpus, complain))
		printk("acpi: the MADT lists no usable CPU, running on the boot CPU alone\n");
}

static void read_fadt(const void *table, u32 len)
{
	struct acpi_fadt fadt;

	if (acpi_parse_fadt(table, len, &fadt)) {
		printk("acpi: the FADT cannot be used, so there is no PM timer\n");
		return;
	}
	machine.dsdt = fadt.dsdt;
	machine.reset = fadt.reset;
	machine.reset_value = fadt.reset_value;
	machine.soft_off_port = fadt.emulators ? fadt.pm1_control : 0;
	if (fadt.pm_timer.space == ACPI_SPACE_IO && fadt.pm_timer.address <= UINT16_MAX)
		machine.pm_timer_port = (u16)fadt.pm_timer.address;
}

static void read_table(paddr_t pa)
{
	const char *table = map_table(pa, "table");
	u32 len;

	if (table == NULL)
		return;
	len = acpi_table_length(table);
	if (memcmp(table, "APIC", 4) == 0)
		read_madt(table, len);
	else if (memcmp(table, "FACP", 4) == 0)
		read_fadt(table, len);
	else if (memcmp(table, "HPET", 4) == 0 && acpi_parse_hpet(table, len, &machine.hpet))
		printk("acpi: the HPET's table cannot be used\n");
}

void acpi_read_tables(paddr_t rsdp)
{
	struct acpi_root root;
	const void *bytes, *table;

	printk("acpi: reading the tables from %#lx\n", rsdp);
	if (rsdp == 0) {
		printk("acpi: the firmware gave no tables, running on the boot CPU alone\n");
		return;
	}
	bytes = kspace_map_device(rsdp, ACPI_RSDP_SIZE, CACHED);
	if (bytes == NULL || acpi_parse_rsdp(bytes, ACPI_RSDP_SIZE, &root)) {
		printk("acpi: the root pointer at %#lx is bad, running on the boot CPU alone\n",
		       rsdp);
		return;
	}
	table = map_table(root.phys, root.xsdt ? "XSDT" : "RSDT");
	if (table == NULL)
		return;
	for (size_t i = 0; i < acpi_root_count(table); i++)
		read_table(acpi_root_entry(table, i));
}

u16 acpi_cpu_slots_port(void)
{
	const void *dsdt = machine.dsdt != 0 ? map_table(machine.dsdt, "DSDT") : NULL;

	return dsdt != NULL ? acpi_find_cpu_slots(dsdt, acpi_table_length(dsdt)) : 0;
}
