/* SPDX-License-Identifier: MIT */
/*
 * tests/host/boot_alloc_test.c - memory before there is a page allocator: what it may
 * take, what it leaves, and that the two together are what the loader handed over.
 */
#include "tests/host/cmocka_host.h"

#include "arch/x86_64/layout.h"
#include "lib/rand.h"
#include "mm/boot_alloc.h"
#include "tests/host/fake/machine.h"
#include "tests/host/host_panic.h"

#define ALLOCATIONS 2000

static struct handoff handoff;

static int start(void **state)
{
	(void)state;
	memset(&handoff, 0, sizeof(handoff));
	machine_start();
	return 0;
}

static int stop(void **state)
{
	(void)state;
	machine_stop();
	return 0;
}

/* Memory that is not usable is not opened: whoever zeroes it faults. */
static void hand_over(paddr_t from, paddr_t to, enum mem_type type)
{
	struct handoff_range *r = &handoff.ranges[handoff.range_count++];

	*r = (struct handoff_range){ .start = from, .end = to, .type = type };
	if (type != MEM_USABLE)
		return;
	machine_add_ram(from, to, true);
	if (to <= 64 * MIB)
		memset(phys_to_virt(from), 0xee, to - from);
}

static u64 bytes_left(void)
{
	paddr_t from, to, before = 0;
	u64 sum = 0;

	for (u32 cursor = 0; boot_alloc_next_free(&cursor, &from, &to);) {
		assert_true(from < to && from >= before);
		assert_true(IS_ALIGNED(from | to, PAGE_SIZE));
		before = to;
		sum += to - from;
	}
	return sum;
}

static void test_top_down(void **state)
{
	(void)state;
	hand_over(0, 640 * KIB, MEM_USABLE);
	hand_over(1 * MIB, 2 * MIB, MEM_KERNEL);
	hand_over(2 * MIB, 4 * MIB, MEM_USABLE);
	hand_over(4 * MIB, 5 * MIB, MEM_LOADER);
	hand_over(5 * MIB, 6 * MIB, MEM_USABLE);
	hand_over(6 * MIB, 7 * MIB, MEM_RESERVED);
	boot_alloc_init(&handoff);
	assert_int_equal(boot_alloc(1, 0), 6 * MIB - PAGE_SIZE);
	assert_int_equal(boot_alloc(PAGE_SIZE + 1, 1), 6 * MIB - 3 * PAGE_SIZE);
	assert_int_equal(boot_alloc(2 * MIB, 2 * MIB), 2 * MIB);
	assert_int_equal(boot_alloc(1 * MIB, 0), 0);
	assert_int_equal(boot_alloc_taken(), 2 * MIB + 3 * PAGE_SIZE);
	assert_int_equal(bytes_left(), 1 * MIB - 3 * PAGE_SIZE);
}

static void test_zeroed(void **state)
{
	const u8 *p;

	(void)state;
	hand_over(2 * MIB, 3 * MIB, MEM_USABLE);
	boot_alloc_init(&handoff);
	p = phys_to_virt(boot_alloc(100, 0));
	for (u64 i = 0; i < PAGE_SIZE; i++)
		assert_int_equal(p[i], 0);
	assert_int_equal(p[-1], 0xee);
}

static void test_alignment_gap_is_left(void **state)
{
	paddr_t from, to;
	u32 cursor = 0;

	(void)state;
	hand_over(2 * MIB, 5 * MIB, MEM_USABLE);
	boot_alloc_init(&handoff);
	assert_int_equal(boot_alloc(PAGE_SIZE, 2 * MIB), 4 * MIB);
	assert_true(boot_alloc_next_free(&cursor, &from, &to));
	assert_int_equal(from, 2 * MIB);
	assert_int_equal(to, 4 * MIB);
	assert_true(boot_alloc_next_free(&cursor, &from, &to));
	assert_int_equal(from, 4 * MIB + PAGE_SIZE);
	assert_int_equal(to, 5 * MIB);
	assert_false(boot_alloc_next_free(&cursor, &from, &to));
	assert_int_equal(boot_alloc(PAGE_SIZE, 0), 5 * MIB - PAGE_SIZE);
}

/* Never in the first MiB, never above 4 GiB; what lies there above is left over. */
static void test_limits(void **state)
{
	(void)state;
	hand_over(0, 1 * MIB + PAGE_SIZE, MEM_USABLE);
	hand_over(4 * GIB - PAGE_SIZE, 4 * GIB + 4 * PAGE_SIZE, MEM_USABLE);
	hand_over(8 * GIB, 8 * GIB + 16 * PAGE_SIZE, MEM_USABLE);
	boot_alloc_init(&handoff);
	assert_int_equal(boot_alloc(2 * PAGE_SIZE, 0), 0);
	assert_int_equal(boot_alloc(PAGE_SIZE, 0), 4 * GIB - PAGE_SIZE);
	assert_int_equal(boot_alloc(PAGE_SIZE, 0), 1 * MIB);
	assert_int_equal(boot_alloc(PAGE_SIZE, 0), 0);
	assert_int_equal(bytes_left(), 20 * PAGE_SIZE);
}

static void test_bad_sizes(void **state)
{
	(void)state;
	hand_over(2 * MIB, 4 * MIB, MEM_USABLE);
	boot_alloc_init(&handoff);
	assert_int_equal(boot_alloc(0, 0), 0);
	assert_int_equal(boot_alloc(~0ul, 0), 0);
	assert_int_equal(boot_alloc(PAGE_SIZE, 1 * TIB), 0);
	expect_panic("alignment 24", assert_int_equal(boot_alloc(8, 24), 0));
	boot_alloc_close();
	expect_panic("after boot_alloc_close", assert_int_equal(boot_alloc(8, 0), 0));
	assert_int_equal(bytes_left(), 2 * MIB);
}

static void test_no_memory(void **state)
{
	(void)state;
	hand_over(2 * MIB, 4 * MIB, MEM_ACPI);
	boot_alloc_init(&handoff);
	assert_int_equal(boot_alloc(1, 0), 0);
	assert_int_equal(bytes_left(), 0);
	handoff.range_count = HANDOFF_MAX_RANGES + 1;
	expect_panic("257 memory ranges", boot_alloc_init(&handoff));
}

/*
 * Each range is three pages, the middle one aligned to two: to take that one makes two
 * pieces.  When the table is full such places are passed over, and nothing is lost.
 */
static void test_full_table(void **state)
{
	u64 splits = 0, usable = HANDOFF_MAX_RANGES * 3 * PAGE_SIZE;

	(void)state;
	for (u64 i = 0; i < HANDOFF_MAX_RANGES; i++) {
		paddr_t from = 1 * MIB + (4 * i + 1) * PAGE_SIZE;

		hand_over(from, from + 3 * PAGE_SIZE, MEM_USABLE);
	}
	boot_alloc_init(&handoff);
	while (boot_alloc(PAGE_SIZE, 2 * PAGE_SIZE) != 0)
		splits++;
	assert_true(splits > 0 && splits < HANDOFF_MAX_RANGES);
	assert_int_equal(bytes_left(), usable - splits * PAGE_SIZE);
	assert_int_not_equal(boot_alloc(PAGE_SIZE, 0), 0);
	assert_int_equal(boot_alloc_taken(), (splits + 1) * PAGE_SIZE);
}

/* Each page is given once, and nothing is lost. */
static void test_storm(void **state)
{
	static u8 given[64 * MIB >> PAGE_SHIFT];
	u64 usable = 0, taken = 0;
	struct rand rand;

	(void)state;
	memset(given, 0, sizeof(given));
	rand_seed(&rand, 11);
	for (u64 i = 0; i < HANDOFF_MAX_RANGES; i++) {
		paddr_t from = 1 * MIB + i * 60 * PAGE_SIZE;

		hand_over(from, from + 59 * PAGE_SIZE, MEM_USABLE);
		usable += 59 * PAGE_SIZE;
	}
	boot_alloc_init(&handoff);
	for (u32 i = 0; i < ALLOCATIONS; i++) {
		u64 bytes = 1 + rand_below(&rand, 5 * PAGE_SIZE);
		u64 align = BIT(rand_below(&rand, 17));
		paddr_t at = boot_alloc(bytes, align);

		if (at == 0)
			continue;
		assert_true(IS_ALIGNED(at, MAX(align, PAGE_SIZE)));
		bytes = ALIGN_UP(bytes, PAGE_SIZE);
		for (paddr_t pa = at; pa < at + bytes; pa += PAGE_SIZE)
			assert_int_equal(given[pa >> PAGE_SHIFT]++, 0);
		taken += bytes;
		assert_int_equal(boot_alloc_taken(), taken);
		assert_int_equal(bytes_left() + taken, usable);
	}
	assert_true(taken > 4 * MIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_top_down, start, stop),
		cmocka_unit_test_setup_teardown(test_zeroed, start, stop),
		cmocka_unit_test_setup_teardown(test_alignment_gap_is_left, start, stop),
		cmocka_unit_test_setup_teardown(test_limits, start, stop),
		cmocka_unit_test_setup_teardown(test_bad_sizes, start, stop),
		cmocka_unit_test_setup_teardown(test_no_memory, start, stop),
		cmocka_unit_test_setup_teardown(test_full_table, start, stop),
		cmocka_unit_test_setup_teardown(test_storm, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
