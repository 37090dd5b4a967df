/* SPDX-License-Identifier: MIT */
/*
 * lib/acpi_dsdt.c - one fact out of QEMU's DSDT, without an AML interpreter.
 *
 * QEMU declares its CPU hotplug registers as
 *
 *	OperationRegion (PRST, SystemIO, 0x0CD8, 0x0C)
 *
 * with q35's or pc's port.  The bytes of that declaration are looked for, in a table that
 * bears QEMU's OEM id; a declaration of another length is another interface.  So a machine
 * that is not QEMU never has a port touched, and no port is known but from the machine.
 */
#include "lib/acpi.h"
#include "lib/bytes.h"

#define OEM_ID_OFFSET 10
#define OEM_ID	      "BOCHS " /* what QEMU's tables have always borne */

/* ExtOpPrefix OpRegionOp "PRST" SystemIO WordPrefix; a word, the port; BytePrefix, length. */
static const u8 before_port[] = { 0x5b, 0x80, 'P', 'R', 'S', 'T', ACPI_SPACE_IO, 0x0b };
static const u8 after_port[] = { 0x0a, 12 };

#define PORT_AT	    sizeof(before_port)
#define AFTER_AT    (PORT_AT + sizeof(u16))
#define DECLARATION (AFTER_AT + sizeof(after_port))

u16 acpi_find_cpu_slots(const void *dsdt, size_t len)
{
	const u8 *bytes = dsdt;
	u32 length;

	if (acpi_check_table(dsdt, len, "DSDT") != 0 ||
	    memcmp(bytes + OEM_ID_OFFSET, OEM_ID, strlen(OEM_ID)) != 0)
		return 0;
	length = acpi_table_length(dsdt);
	for (u32 at = ACPI_HEADER_SIZE; at + DECLARATION <= length; at++)
		if (memcmp(bytes + at, before_port, sizeof(before_port)) == 0 &&
		    memcmp(bytes + at + AFTER_AT, after_port, sizeof(after_port)) == 0)
			return get_u16(bytes, at + PORT_AT);
	return 0;
}
