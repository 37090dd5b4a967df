/* SPDX-License-Identifier: MIT */
/*
 * lib/acpi.c - the ACPI tables but the MADT, which has lib/acpi_madt.c to itself.
 *
 * Fields are named by the offset that the ACPI specification gives them.  A table
 * of an older revision is shorter; a field is read only if it lies within.
 */
#include "lib/acpi.h"
#include "lib/bytes.h"
#include "lib/err.h"

enum rsdp_offset {
	RSDP_REVISION = 15,
	RSDP_RSDT = 16,
	RSDP_LENGTH = 20,
	RSDP_XSDT = 24,
};

enum header_offset {
	HEADER_LENGTH = 4,
	HEADER_OEM_ID = 10,
};

enum fadt_offset {
	FADT_DSDT = 40,
	FADT_PM1A_CONTROL = 64,
	FADT_PM_TMR_BLK = 76,
	FADT_PM_TMR_LEN = 91,
	FADT_BOOT_FLAGS = 109,
	FADT_FLAGS = 112,
	FADT_RESET_REG = 116,
	FADT_RESET_VALUE = 128,
	FADT_X_DSDT = 140,
	FADT_X_PM_TMR_BLK = 208,
};

#define EMULATORS_OEM_ID "BOCHS " /* what QEMU's tables bear too */

#define FADT_MIN_SIZE	      116
#define FADT_TIMER_32_BITS    BIT(8)
#define FADT_RESET_SUPPORTED  BIT(10)
#define FADT_HARDWARE_REDUCED BIT(20)
#define PM_TIMER_BYTES	      4
#define PM_TIMER_WIDTH	      32 /* bits to read, whether 24 or all of them count */

/* A generic address structure. */
#define GAS_SIZE    12
#define GAS_WIDTH   1
#define GAS_ADDRESS 4

#define HPET_ADDRESS  40
#define HPET_MIN_SIZE 56

static bool sums_to_zero(const void *bytes, size_t len)
{
	u8 sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (u8)(sum + get_u8(bytes, i));
	return sum == 0;
}

int acpi_parse_rsdp(const void *rsdp, size_t len, struct acpi_root *out)
{
	if (len < ACPI_RSDP_V1_SIZE || memcmp(rsdp, "RSD PTR ", 8) != 0 ||
	    !sums_to_zero(rsdp, ACPI_RSDP_V1_SIZE))
		return -EINVAL;
	*out = (struct acpi_root){
		.phys = get_u32(rsdp, RSDP_RSDT),
		.revision = get_u8(rsdp, RSDP_REVISION),
	};
	if (out->revision >= 2) {
		if (len < ACPI_RSDP_SIZE || get_u32(rsdp, RSDP_LENGTH) < ACPI_RSDP_SIZE ||
		    !sums_to_zero(rsdp, ACPI_RSDP_SIZE))
			return -EINVAL;
		out->xsdt = get_u64(rsdp, RSDP_XSDT) != 0;
		if (out->xsdt)
			out->phys = get_u64(rsdp, RSDP_XSDT);
	}
	return out->phys != 0 ? 0 : -EINVAL;
}

u32 acpi_table_length(const void *header)
{
	u32 length = get_u32(header, HEADER_LENGTH);

	return length >= ACPI_HEADER_SIZE && length <= ACPI_TABLE_MAX ? length : 0;
}

int acpi_check_table(const void *table, size_t len, const char *signature)
{
	u32 length;

	if (len < ACPI_HEADER_SIZE)
		return -EINVAL;
	if (signature != NULL && memcmp(table, signature, 4) != 0)
		return -EINVAL;
	length = acpi_table_length(table);
	if (length == 0 || length > len || !sums_to_zero(table, length))
		return -EINVAL;
	return 0;
}

static size_t root_entry_size(const void *root)
{
	return memcmp(root, "XSDT", 4) == 0 ? sizeof(u64) : sizeof(u32);
}

size_t acpi_root_count(const void *root)
{
	return (get_u32(root, HEADER_LENGTH) - ACPI_HEADER_SIZE) / root_entry_size(root);
}

u64 acpi_root_entry(const void *root, size_t i)
{
	size_t size = root_entry_size(root);

	if (i >= acpi_root_count(root))
		return 0;
	if (size == sizeof(u64))
		return get_u64(root, ACPI_HEADER_SIZE + i * size);
	return get_u32(root, ACPI_HEADER_SIZE + i * size);
}

/* The register described at @offset; none if the table of @length bytes ends before. */
static struct acpi_register read_register(const void *table, u32 length, u32 offset)
{
	if (length < offset + GAS_SIZE)
		return (struct acpi_register){ 0 };
	return (struct acpi_register){
		.space = get_u8(table, offset),
		.width = get_u8(table, offset + GAS_WIDTH),
		.address = get_u64(table, offset + GAS_ADDRESS),
	};
}

static struct acpi_register read_pm_timer(const void *fadt, u32 length)
{
	struct acpi_register r = read_register(fadt, length, FADT_X_PM_TMR_BLK);

	if (get_u8(fadt, FADT_PM_TMR_LEN) != PM_TIMER_BYTES)
		return (struct acpi_register){ 0 };
	if (r.address == 0 || r.space > ACPI_SPACE_IO) {
		r.address = get_u32(fadt, FADT_PM_TMR_BLK);
		r.space = ACPI_SPACE_IO;
	}
	if (r.space == ACPI_SPACE_IO && r.address > UINT16_MAX)
		return (struct acpi_register){ 0 };
	r.width = PM_TIMER_WIDTH;
	return r;
}

static u64 read_dsdt(const void *fadt, u32 length)
{
	if (length >= FADT_X_DSDT + sizeof(u64) && get_u64(fadt, FADT_X_DSDT) != 0)
		return get_u64(fadt, FADT_X_DSDT);
	return get_u32(fadt, FADT_DSDT);
}

int acpi_parse_fadt(const void *fadt, size_t len, struct acpi_fadt *out)
{
	u32 length, flags;

	if (acpi_check_table(fadt, len, "FACP") != 0 || acpi_table_length(fadt) < FADT_MIN_SIZE)
		return -EINVAL;
	length = acpi_table_length(fadt);
	flags = get_u32(fadt, FADT_FLAGS);
	*out = (struct acpi_fadt){
		.hardware_reduced = (flags & FADT_HARDWARE_REDUCED) != 0,
		.boot_flags = get_u16(fadt, FADT_BOOT_FLAGS),
		.dsdt = read_dsdt(fadt, length),
		.emulators = memcmp((const u8 *)fadt + HEADER_OEM_ID, EMULATORS_OEM_ID,
				    strlen(EMULATORS_OEM_ID)) == 0,
		.pm_timer_bits = flags & FADT_TIMER_32_BITS ? 32 : 24,
	};
	if (!out->hardware_reduced) {
		out->pm_timer = read_pm_timer(fadt, length);
		if (get_u32(fadt, FADT_PM1A_CONTROL) <= UINT16_MAX)
			out->pm1_control = (u16)get_u32(fadt, FADT_PM1A_CONTROL);
	}
	if ((flags & FADT_RESET_SUPPORTED) && length > FADT_RESET_VALUE) {
		out->reset = read_register(fadt, length, FADT_RESET_REG);
		out->reset_value = get_u8(fadt, FADT_RESET_VALUE);
	}
	return 0;
}

int acpi_parse_hpet(const void *hpet, size_t len, u64 *phys)
{
	struct acpi_register r;

	if (acpi_check_table(hpet, len, "HPET") != 0 || acpi_table_length(hpet) < HPET_MIN_SIZE)
		return -EINVAL;
	r = read_register(hpet, acpi_table_length(hpet), HPET_ADDRESS);
	if (r.space != ACPI_SPACE_MEMORY || r.address == 0)
		return -EINVAL;
	*phys = r.address;
	return 0;
}
