/* SPDX-License-Identifier: MIT */
/* tests/host/acpi_test.c - the ACPI tables but the MADT, good and bad. */
#include "tests/host/cmocka_host.h"
#include "lib/acpi.h"
#include "lib/err.h"
#include "tests/host/acpi_bytes.h"

static struct acpi_root root;
static struct acpi_fadt fadt;

static void make_rsdp(u8 revision)
{
	begin_bytes();
	put_bytes("RSD PTR ", 8);
	put(0, 1); /* checksum */
	put_bytes("PRAGUE", 6);
	put(revision, 1);
	put(0x1000, 4);
	set_checksum(8, ACPI_RSDP_V1_SIZE);
	if (revision >= 2) {
		put(ACPI_RSDP_SIZE, 4);
		put(0x123456789000, 8);
		put(0, 4); /* extended checksum, reserved */
		set_checksum(32, ACPI_RSDP_SIZE);
	}
}

static int parse_rsdp(size_t len)
{
	return acpi_parse_rsdp(exact_copy(len), len, &root);
}

static void test_rsdp(void **state)
{
	(void)state;
	make_rsdp(0);
	assert_int_equal(parse_rsdp(ACPI_RSDP_V1_SIZE), 0);
	assert_int_equal(root.phys, 0x1000);
	assert_false(root.xsdt);
	make_rsdp(2);
	assert_int_equal(parse_rsdp(ACPI_RSDP_SIZE), 0);
	assert_int_equal(root.phys, 0x123456789000);
	assert_true(root.xsdt);
	assert_int_equal(root.revision, 2);
}

static void test_rsdp_without_xsdt(void **state)
{
	(void)state;
	make_rsdp(2);
	set(24, 0, 8);
	set_checksum(32, ACPI_RSDP_SIZE);
	assert_int_equal(parse_rsdp(ACPI_RSDP_SIZE), 0);
	assert_int_equal(root.phys, 0x1000);
	assert_false(root.xsdt);
	set(16, 0, 4);
	set_checksum(8, ACPI_RSDP_V1_SIZE);
	set_checksum(32, ACPI_RSDP_SIZE);
	assert_int_equal(parse_rsdp(ACPI_RSDP_SIZE), -EINVAL);
}

static void test_bad_rsdp(void **state)
{
	(void)state;
	make_rsdp(0);
	assert_int_equal(parse_rsdp(0), -EINVAL);
	assert_int_equal(parse_rsdp(ACPI_RSDP_V1_SIZE - 1), -EINVAL);
	make_rsdp(2);
	assert_int_equal(parse_rsdp(ACPI_RSDP_SIZE - 1), -EINVAL);
	assert_int_equal(parse_rsdp(ACPI_RSDP_V1_SIZE), -EINVAL);
	for (size_t i = 0; i < ACPI_RSDP_SIZE; i++) {
		make_rsdp(2);
		bytes[i] ^= 0x10; /* any one bit wrong is seen by a checksum */
		assert_int_equal(parse_rsdp(ACPI_RSDP_SIZE), -EINVAL);
	}
	make_rsdp(2);
	set(20, 35, 4);
	set_checksum(32, ACPI_RSDP_SIZE);
	assert_int_equal(parse_rsdp(ACPI_RSDP_SIZE), -EINVAL);
}

static int check_table(size_t len, const char *signature)
{
	return acpi_check_table(exact_copy(len), len, signature);
}

static void test_header(void **state)
{
	(void)state;
	begin_table("TEST");
	put(0x1122, 2);
	end_table();
	assert_int_equal(acpi_table_length(bytes), 38);
	assert_int_equal(check_table(38, "TEST"), 0);
	assert_int_equal(check_table(38, NULL), 0);
	assert_int_equal(check_table(60, NULL), 0);
	assert_int_equal(check_table(37, NULL), -EINVAL);
	assert_int_equal(check_table(35, NULL), -EINVAL);
	assert_int_equal(check_table(0, NULL), -EINVAL);
	assert_int_equal(check_table(38, "TESU"), -EINVAL);
	for (size_t i = 0; i < 38; i++) {
		bytes[i] ^= 1;
		assert_int_equal(check_table(38, NULL), -EINVAL);
		bytes[i] ^= 1;
	}
}

static void test_header_alone(void **state)
{
	(void)state;
	begin_table("TEST");
	end_table();
	assert_int_equal(check_table(ACPI_HEADER_SIZE, "TEST"), 0);
	assert_int_equal(acpi_table_length(bytes), ACPI_HEADER_SIZE);
}

static void test_absurd_lengths(void **state)
{
	static const u32 lengths[] = { 0, 1, 35, 39, 0x1000001, 0x80000000, 0xffffffff };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		begin_table("TEST");
		put(0, 2);
		end_table();
		set(4, lengths[i], 4);
		set_checksum(9, 38);
		assert_int_equal(check_table(38, "TEST"), -EINVAL);
		if (lengths[i] != 39)
			assert_int_equal(acpi_table_length(bytes), 0);
	}
}

static void test_root_tables(void **state)
{
	(void)state;
	begin_table("RSDT");
	put(0x1000, 4);
	put(0xfffff000, 4);
	put(1, 3); /* part of an entry does not count */
	end_table();
	assert_int_equal(acpi_root_count(bytes), 2);
	assert_int_equal(acpi_root_entry(bytes, 0), 0x1000);
	assert_int_equal(acpi_root_entry(bytes, 1), 0xfffff000);
	assert_int_equal(acpi_root_entry(bytes, 2), 0);
	begin_table("XSDT");
	put(0x1000, 8);
	put(0x123456789000, 8);
	put(1, 4);
	end_table();
	assert_int_equal(acpi_root_count(bytes), 2);
	assert_int_equal(acpi_root_entry(bytes, 1), 0x123456789000);
	assert_int_equal(acpi_root_entry(bytes, SIZE_MAX), 0);
	begin_table("XSDT");
	end_table();
	assert_int_equal(acpi_root_count(bytes), 0);
	assert_int_equal(acpi_root_entry(bytes, 0), 0);
}

#define FADT_SIZE 276

static void make_fadt(size_t size)
{
	begin_table("FACP");
	put_zeros(size - ACPI_HEADER_SIZE);
	set(76, 0x608, 4); /* timer */
	set(91, 4, 1);
	set(109, ACPI_BOOT_8042, 2);
	set(112, BIT(8) | BIT(10), 4);
	if (size > 128) {
		set(116, ACPI_SPACE_IO, 1);
		set(117, 8, 1);
		set(120, 0xcf9, 8);
		set(128, 6, 1);
	}
}

static int parse_fadt(void)
{
	end_table();
	return acpi_parse_fadt(exact_copy(bytes_len), bytes_len, &fadt);
}

static void test_fadt(void **state)
{
	(void)state;
	make_fadt(FADT_SIZE);
	assert_int_equal(parse_fadt(), 0);
	assert_int_equal(fadt.pm_timer.address, 0x608);
	assert_int_equal(fadt.pm_timer.space, ACPI_SPACE_IO);
	assert_int_equal(fadt.pm_timer.width, 32);
	assert_int_equal(fadt.pm_timer_bits, 32);
	assert_int_equal(fadt.boot_flags, ACPI_BOOT_8042);
	assert_int_equal(fadt.reset.address, 0xcf9);
	assert_int_equal(fadt.reset.width, 8);
	assert_int_equal(fadt.reset_value, 6);
	assert_false(fadt.hardware_reduced);
}

static void test_fadt_extended_timer(void **state)
{
	(void)state;
	make_fadt(FADT_SIZE);
	set(208, ACPI_SPACE_MEMORY, 1);
	set(212, 0xfed00000, 8);
	assert_int_equal(parse_fadt(), 0);
	assert_int_equal(fadt.pm_timer.address, 0xfed00000);
	assert_int_equal(fadt.pm_timer.space, ACPI_SPACE_MEMORY);
	set(208, 0x7f, 1);
	assert_int_equal(parse_fadt(), 0);
	assert_int_equal(fadt.pm_timer.address, 0x608);
	set(208, ACPI_SPACE_IO, 1);
	assert_int_equal(parse_fadt(), 0);
	assert_int_equal(fadt.pm_timer.address, 0);
}

static void test_fadt_without(void **state)
{
	(void)state;
	make_fadt(FADT_SIZE);
	set(91, 0, 1);
	set(112, 0, 4);
	assert_int_equal(parse_fadt(), 0);
	assert_int_equal(fadt.pm_timer.address, 0);
	assert_int_equal(fadt.reset.address, 0);
	assert_int_equal(fadt.pm_timer_bits, 24);
	make_fadt(FADT_SIZE);
	set(112, BIT(20), 4);
	assert_int_equal(parse_fadt(), 0);
	assert_true(fadt.hardware_reduced);
	assert_int_equal(fadt.pm_timer.address, 0);
	make_fadt(116);
	assert_int_equal(parse_fadt(), 0);
	assert_int_equal(fadt.pm_timer.address, 0x608);
	assert_int_equal(fadt.reset.address, 0);
	make_fadt(115);
	assert_int_equal(parse_fadt(), -EINVAL);
}

static void test_fadt_dsdt(void **state)
{
	(void)state;
	make_fadt(FADT_SIZE);
	assert_int_equal(parse_fadt(), 0);
	assert_int_equal(fadt.dsdt, 0);
	set(40, 0x7fe0000, 4);
	assert_int_equal(parse_fadt(), 0);
	assert_int_equal(fadt.dsdt, 0x7fe0000);
	set(140, 0x123456789000, 8);
	assert_int_equal(parse_fadt(), 0);
	assert_int_equal(fadt.dsdt, 0x123456789000);
	make_fadt(116);
	set(40, 0x7fe0000, 4);
	assert_int_equal(parse_fadt(), 0);
	assert_int_equal(fadt.dsdt, 0x7fe0000);
}

#define REGION_AT (ACPI_HEADER_SIZE + 5) /* of the declaration, behind other AML */

static void make_dsdt(u16 port)
{
	begin_table("DSDT");
	set(10, 0x205348434f42, 6); /* "BOCHS " */
	put_bytes("[\x80PRS", 5);   /* the beginning of one that is none */
	put_bytes("[\x80PRST\x01\x0b", 8);
	put(port, 2);
	put_bytes("\x0a\x0c", 2);
}

static u16 find_cpu_slots(void)
{
	end_table();
	return acpi_find_cpu_slots(exact_copy(bytes_len), bytes_len);
}

static void test_cpu_slots(void **state)
{
	(void)state;
	make_dsdt(0xcd8);
	assert_int_equal(find_cpu_slots(), 0xcd8);
	make_dsdt(0xaf00);
	put_zeros(100);
	assert_int_equal(find_cpu_slots(), 0xaf00);
}

/* One byte of the declaration, the OEM id, the signature or the checksum is another. */
static void test_no_cpu_slots(void **state)
{
	(void)state;
	for (size_t i = 0; i < 12; i++) {
		make_dsdt(0xcd8);
		bytes[REGION_AT + i] ^= 0x10;
		assert_int_equal(find_cpu_slots(), i == 8 ? 0xcc8 : i == 9 ? 0x1cd8 : 0);
	}
	for (size_t i = 10; i < 16; i++) {
		make_dsdt(0xcd8);
		bytes[i] ^= 1;
		assert_int_equal(find_cpu_slots(), 0);
	}
	make_dsdt(0xcd8);
	set(0, 'S', 1);
	assert_int_equal(find_cpu_slots(), 0);
	make_dsdt(0xcd8);
	end_table();
	bytes[9] ^= 1;
	assert_int_equal(acpi_find_cpu_slots(exact_copy(bytes_len), bytes_len), 0);
	make_dsdt(0xcd8);
	bytes_len--; /* the table ends within it */
	assert_int_equal(find_cpu_slots(), 0);
	begin_table("DSDT");
	assert_int_equal(find_cpu_slots(), 0);
}

static int parse_hpet(u64 space, u64 address, size_t size, u64 *phys)
{
	begin_table("HPET");
	put_zeros(size - ACPI_HEADER_SIZE);
	set(40, space, 1);
	set(44, address, 8);
	end_table();
	return acpi_parse_hpet(exact_copy(size), size, phys);
}

static void test_hpet(void **state)
{
	u64 phys;

	(void)state;
	assert_int_equal(parse_hpet(ACPI_SPACE_MEMORY, 0xfed00000, 56, &phys), 0);
	assert_int_equal(phys, 0xfed00000);
	assert_int_equal(parse_hpet(ACPI_SPACE_IO, 0xfed00000, 56, &phys), -EINVAL);
	assert_int_equal(parse_hpet(ACPI_SPACE_MEMORY, 0, 56, &phys), -EINVAL);
	assert_int_equal(parse_hpet(ACPI_SPACE_MEMORY, 0xfed00000, 55, &phys), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rsdp),
		cmocka_unit_test(test_rsdp_without_xsdt),
		cmocka_unit_test(test_bad_rsdp),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_header_alone),
		cmocka_unit_test(test_absurd_lengths),
		cmocka_unit_test(test_root_tables),
		cmocka_unit_test(test_fadt),
		cmocka_unit_test(test_fadt_extended_timer),
		cmocka_unit_test(test_fadt_without),
		cmocka_unit_test(test_fadt_dsdt),
		cmocka_unit_test(test_cpu_slots),
		cmocka_unit_test(test_no_cpu_slots),
		cmocka_unit_test(test_hpet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
