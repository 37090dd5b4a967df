/* SPDX-License-Identifier: MIT */
/* tests/host/acpi_madt_test.c - good MADTs, and each way in which an entry can be bad. */
#include "tests/host/cmocka_host.h"
#include "lib/err.h"
#include "tests/host/acpi_bytes.h"

#define ENABLED	       1u
#define ONLINE_CAPABLE 2u
#define ENTRIES	       44 /* where they begin */

static struct acpi_cpus cpus;
static int complaints;
static char complaint[256];

static void complain(const char *message)
{
	complaints++;
	assert_null(strchr(message, '\n'));
	snprintf(complaint, sizeof(complaint), "%s", message);
}

static void begin_madt(void)
{
	begin_table("APIC");
	put(0xfee00000, 4);
	put(1, 4);
}

static void put_lapic(u8 apic_id, u8 uid, u32 flags)
{
	put(0, 1);
	put(8, 1);
	put(uid, 1);
	put(apic_id, 1);
	put(flags, 4);
}

static void put_x2apic(u32 apic_id, u32 uid, u32 flags)
{
	put(9, 1);
	put(16, 1);
	put(0, 2);
	put(apic_id, 4);
	put(flags, 4);
	put(uid, 4);
}

static int parse(void)
{
	end_table();
	complaints = 0;
	complaint[0] = '\0';
	return acpi_parse_madt(exact_copy(bytes_len), bytes_len, &cpus, complain);
}

/* One complaint, of the entry with this number, that says this. */
static void assert_complaint(unsigned int number, const char *what)
{
	char name[32];

	snprintf(name, sizeof(name), "MADT entry %u ", number);
	assert_int_equal(complaints, 1);
	if (strstr(complaint, name) == NULL || strstr(complaint, what) == NULL)
		fail_msg("\"%s\", not of entry %u, \"%s\"", complaint, number, what);
}

static void assert_cpu(unsigned int i, u32 apic_id, u32 uid, bool enabled)
{
	assert_true(i < cpus.n);
	assert_int_equal(cpus.cpus[i].apic_id, apic_id);
	assert_int_equal(cpus.cpus[i].acpi_uid, uid);
	assert_int_equal(cpus.cpus[i].enabled, enabled);
}

static void test_cpus(void **state)
{
	(void)state;
	begin_madt();
	put_lapic(0, 1, ENABLED);
	put_lapic(2, 2, ENABLED | ONLINE_CAPABLE);
	put_lapic(4, 3, ONLINE_CAPABLE);
	put_lapic(6, 4, 0);
	put_x2apic(0x1234, 5, ENABLED);
	put_x2apic(0xff, 6, ENABLED);
	assert_int_equal(parse(), 0);
	assert_int_equal(complaints, 0);
	assert_int_equal(cpus.n, 5);
	assert_cpu(0, 0, 1, true);
	assert_cpu(1, 2, 2, true);
	assert_cpu(2, 4, 3, false);
	assert_cpu(3, 0x1234, 5, true);
	assert_cpu(4, 0xff, 6, true);
	assert_int_equal(cpus.lapic_phys, 0xfee00000);
	assert_true(cpus.has_8259);
}

static void put_ioapic(u8 id, u32 phys, u32 gsi_base)
{
	put(0x0c01, 2);
	put(id, 2);
	put(phys, 4);
	put(gsi_base, 4);
}

static void put_override(u8 source, u32 gsi, u16 flags)
{
	put(0x0a02, 2);
	put(0, 1);
	put(source, 1);
	put(gsi, 4);
	put(flags, 2);
}

static void assert_line(struct acpi_line line, u32 gsi, bool level, bool low)
{
	assert_int_equal(line.gsi, gsi);
	assert_int_equal(line.level, level);
	assert_int_equal(line.low, low);
}

static void test_interrupt_controllers(void **state)
{
	(void)state;
	begin_madt();
	put_lapic(0, 0, ENABLED);
	put_ioapic(1, 0xfec00000, 0);
	put_ioapic(2, 0xfec01000, 24);
	put_override(0, 2, 0);
	put_override(9, 20, 0xd);
	put(0x0604, 2); /* local APIC NMI */
	put_zeros(4);
	put(0x0c05, 2); /* local APIC address */
	put(0, 2);
	put(0x123400000, 8);
	put(0x0480, 2); /* a type that nobody knows */
	put_zeros(2);
	put(0x040a, 2); /* and one right behind those that are */
	put_zeros(2);
	assert_int_equal(parse(), 0);
	assert_int_equal(complaints, 0);
	assert_int_equal(cpus.n_ioapics, 2);
	assert_int_equal(cpus.ioapics[1].id, 2);
	assert_int_equal(cpus.ioapics[1].phys, 0xfec01000);
	assert_int_equal(cpus.ioapics[1].gsi_base, 24);
	assert_line(cpus.isa[0], 2, false, false);
	assert_line(cpus.isa[1], 1, false, false);
	assert_line(cpus.isa[9], 20, true, false);
	assert_line(acpi_line(&cpus, 1), 1, false, false);
	assert_line(acpi_line(&cpus, 2), 2, false, false);
	assert_line(acpi_line(&cpus, 20), 20, true, false);
	assert_line(acpi_line(&cpus, 21), 21, true, true);
	assert_int_equal(cpus.lapic_phys, 0x123400000);
}

static void test_duplicates(void **state)
{
	(void)state;
	begin_madt();
	put_lapic(3, 0, ENABLED);
	put_lapic(3, 1, ENABLED);
	put_lapic(4, 2, ENABLED);
	assert_int_equal(parse(), 0);
	assert_complaint(1, "APIC id 0x3");
	assert_int_equal(cpus.n, 2);
	assert_cpu(0, 3, 0, true);
	begin_madt();
	put_lapic(3, 0, ENABLED);
	put_x2apic(3, 0, ENABLED);
	assert_int_equal(parse(), 0);
	assert_complaint(1, "APIC id 0x3");
	begin_madt();
	put_lapic(3, 0, ENABLED);
	put_lapic(3, 0, 0);
	assert_int_equal(parse(), 0);
	assert_int_equal(complaints, 0);
}

static void test_absurd_ids(void **state)
{
	(void)state;
	begin_madt();
	put_lapic(0xff, 0, ENABLED);
	put_lapic(0xff, 0, 0); /* usual for CPUs that are not there */
	put_lapic(1, 0, ENABLED);
	assert_int_equal(parse(), 0);
	assert_complaint(0, "APIC id 0xff");
	assert_int_equal(cpus.n, 1);
	begin_madt();
	put_lapic(1, 0, ENABLED);
	put_x2apic(0xffffffff, 0, ENABLED);
	assert_int_equal(parse(), 0);
	assert_complaint(1, "APIC id 0xffffffff");
	assert_int_equal(cpus.n, 1);
}

static void test_lengths_that_lead_nowhere(void **state)
{
	(void)state;
	for (u64 length = 0; length < 2; length++) {
		begin_madt();
		put_lapic(1, 0, ENABLED);
		put(0, 1);
		put(length, 1);
		put_lapic(2, 0, ENABLED);
		assert_int_equal(parse(), 0);
		assert_complaint(1, "no length");
		assert_int_equal(cpus.n, 1);
	}
	begin_madt();
	put_lapic(1, 0, ENABLED);
	put(0, 1);
	assert_int_equal(parse(), 0);
	assert_complaint(1, "no length");
	begin_madt();
	put_lapic(1, 0, ENABLED);
	put_lapic(2, 0, ENABLED);
	set(ENTRIES + 8 + 1, 9, 1);
	assert_int_equal(parse(), 0);
	assert_complaint(1, "over the table's end");
	assert_int_equal(cpus.n, 1);
}

static void test_too_short_for_its_type(void **state)
{
	static const u8 sizes[][2] = { { 0, 8 }, { 1, 12 }, { 2, 10 }, { 5, 12 }, { 9, 16 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		begin_madt();
		put(sizes[i][0], 1);
		put(sizes[i][1] - 1, 1);
		put_zeros(sizes[i][1] - 3);
		put_lapic(7, 0, ENABLED);
		assert_int_equal(parse(), 0);
		assert_complaint(0, "too short");
		assert_int_equal(cpus.n, 1);
		assert_cpu(0, 7, 0, true);
	}
}

static void test_longer_than_its_type(void **state)
{
	(void)state;
	begin_madt();
	put_lapic(1, 0, ENABLED);
	put_zeros(4);
	set(ENTRIES + 1, 12, 1);
	put_lapic(2, 0, ENABLED);
	assert_int_equal(parse(), 0);
	assert_int_equal(complaints, 0);
	assert_int_equal(cpus.n, 2);
}

static void test_too_many(void **state)
{
	(void)state;
	begin_madt();
	for (u32 i = 0; i < ACPI_MAX_CPUS; i++)
		put_x2apic(i, i, ENABLED);
	assert_int_equal(parse(), 0);
	assert_int_equal(complaints, 0);
	put_x2apic(1000, 0, ENABLED);
	assert_int_equal(parse(), 0);
	assert_complaint(ACPI_MAX_CPUS, "too many CPUs, left out is APIC id 0x3e8");
	put_x2apic(1001, 0, ENABLED);
	assert_int_equal(parse(), 0);
	assert_int_equal(complaints, 2);
	assert_int_equal(cpus.n, ACPI_MAX_CPUS);
	begin_madt();
	put_lapic(0, 0, ENABLED);
	for (u8 i = 0; i <= ACPI_MAX_IOAPICS; i++)
		put_ioapic(i, 0xfec00000 + i * 0x1000u, i * 24u);
	assert_int_equal(parse(), 0);
	assert_complaint(ACPI_MAX_IOAPICS + 1, "too many I/O APICs");
}

/* A table with a CPU and an I/O APIC. */
static void begin_with_ioapic(void)
{
	begin_madt();
	put_lapic(0, 0, ENABLED);
	put_ioapic(4, 0xfec00000, 0);
}

static void test_bad_ioapics(void **state)
{
	static const struct {
		u32 phys, gsi_base;
		const char *what;
	} bad[] = { { 0, 24, "no I/O APIC, id 0x5" },
		    { 0xfec00000, 24, "interrupts of id 0x5" },
		    { 0xfec01000, 0, "interrupts of id 0x5" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		begin_with_ioapic();
		put_ioapic(5, bad[i].phys, bad[i].gsi_base);
		assert_int_equal(parse(), 0);
		assert_complaint(2, bad[i].what);
		assert_int_equal(cpus.n_ioapics, 1);
		assert_int_equal(cpus.ioapics[0].id, 4);
	}
}

/* Each value of polarity and trigger mode, and nothing else of the flags. */
static void test_signals(void **state)
{
	static const u16 flags[] = { 0x0, 0x5, 0x3, 0xc, 0xf, 0xfff0 };
	static const bool low[] = { false, false, true, false, true, false };
	static const bool level[] = { false, false, false, true, true, false };

	(void)state;
	begin_madt();
	put_lapic(0, 0, ENABLED);
	for (u8 i = 0; i < ARRAY_SIZE(flags); i++)
		put_override(i, 100u + i, flags[i]);
	assert_int_equal(parse(), 0);
	assert_int_equal(complaints, 0);
	for (u8 i = 0; i < ARRAY_SIZE(flags); i++) {
		assert_line(cpus.isa[i], 100u + i, level[i], low[i]);
		assert_line(acpi_line(&cpus, 100u + i), 100u + i, level[i], low[i]);
	}
	/* Nothing comes in at 0 any more, so what does is not of the ISA bus. */
	assert_line(acpi_line(&cpus, 0), 0, true, true);
}

/* One interrupt is moved to where another one would be: that signal is meant. */
static void test_moved_onto_another(void **state)
{
	(void)state;
	begin_madt();
	put_lapic(0, 0, ENABLED);
	put_override(5, 3, 0xf);
	assert_int_equal(parse(), 0);
	assert_line(acpi_line(&cpus, 3), 3, true, true);
}

static void test_bad_overrides(void **state)
{
	static const struct {
		u8 bus, source;
		u16 flags;
		const char *what;
	} bad[] = { { 0, 16, 0, "no interrupt of the ISA bus, source 0x10" },
		    { 1, 2, 0, "no interrupt of the ISA bus, source 0x2" },
		    { 0, 2, 0x2, "flags 0x2" },
		    { 0, 2, 0x8, "flags 0x8" },
		    { 0, 1, 0, "overrides source 0x1" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		begin_with_ioapic();
		put_override(1, 20, 0xf);
		put_override(bad[i].source, 21, bad[i].flags);
		set(bytes_len - 8, bad[i].bus, 1);
		assert_int_equal(parse(), 0);
		assert_complaint(3, bad[i].what);
		assert_line(cpus.isa[1], 20, true, true);
		assert_line(cpus.isa[2], 2, false, false);
	}
}

static void test_bad_address(void **state)
{
	(void)state;
	begin_madt();
	put_lapic(0, 0, ENABLED);
	put(0x0c05, 2);
	put_zeros(10);
	assert_int_equal(parse(), 0);
	assert_complaint(1, "address 0");
	assert_int_equal(cpus.lapic_phys, 0xfee00000);
}

static void test_bad_table(void **state)
{
	(void)state;
	begin_madt();
	assert_int_equal(parse(), -ENODEV);
	put_lapic(0, 0, 0);
	assert_int_equal(parse(), -ENODEV);
	assert_int_equal(complaints, 0);
	put_lapic(0xff, 0, ENABLED);
	end_table();
	assert_int_equal(acpi_parse_madt(bytes, bytes_len, &cpus, NULL), -ENODEV);
	assert_int_equal(acpi_parse_madt(bytes, bytes_len - 1, &cpus, NULL), -EINVAL);
	bytes[ENTRIES] ^= 1;
	assert_int_equal(acpi_parse_madt(bytes, bytes_len, &cpus, NULL), -EINVAL);
	begin_table("APIC");
	put(0xfee00000, 4);
	assert_int_equal(parse(), -EINVAL);
	begin_table("FACP");
	put_zeros(8);
	assert_int_equal(parse(), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_interrupt_controllers),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_absurd_ids),
		cmocka_unit_test(test_lengths_that_lead_nowhere),
		cmocka_unit_test(test_too_short_for_its_type),
		cmocka_unit_test(test_longer_than_its_type),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_bad_ioapics),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_moved_onto_another),
		cmocka_unit_test(test_bad_overrides),
		cmocka_unit_test(test_bad_address),
		cmocka_unit_test(test_bad_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
