/* SPDX-License-Identifier: MIT */
/*
 * tests/host/page_debug_test.c - misuse of pages that the allocator must catch, and
 * name: each test here ends in a panic that says what, which page, and where.
 */
#include "tests/host/cmocka_host.h"

#include "mm/poison.h"
#include "mm/zone.h"
#include "tests/host/fake/machine.h"
#include "tests/host/host_panic.h"

#define FRAMES 64
#define BASE   (4 * MIB) /* pfn 0x400 */

static int start(void **state)
{
	(void)state;
	machine_start();
	page_alloc_init(false);
	machine_add_ram(BASE - PAGE_SIZE, BASE + (FRAMES + 1) * PAGE_SIZE, true);
	machine_add_ram(64 * MIB, 64 * MIB + FRAMES * PAGE_SIZE, false);
	assert_int_equal(page_alloc_add_range(ZONE_KERNEL, BASE, BASE + FRAMES * PAGE_SIZE), 0);
	assert_int_equal(page_alloc_add_range(ZONE_USER, 64 * MIB, 64 * MIB + FRAMES * PAGE_SIZE),
			 0);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	machine_after_panic();
	machine_stop();
	return 0;
}

static void test_double_free(void **state)
{
	struct page *one = alloc_page(ZONE_KERNEL);
	struct page *block = alloc_pages(ZONE_KERNEL, 2);
	char expected[64];

	(void)state;
	free_page(one);
	snprintf(expected, sizeof(expected), "double free of page %#lx", page_to_pfn(one));
	expect_panic(expected, free_page(one));
	free_pages(block, 2);
	expect_panic("", free_pages(block, 2));
	assert_true(strstr(host_panic_message, "double free") ||
		    strstr(host_panic_message, "inside a block"));
}

static void test_wrong_order(void **state)
{
	struct page *block = alloc_pages(ZONE_KERNEL, 2);

	(void)state;
	expect_panic("with order 1: it was allocated with order 2", free_pages(block, 1));
	expect_panic("with order 3", free_pages(block, 3));
	expect_panic("which is inside a block", free_page(block + 1));
	free_pages(block, 2);
}

static void test_foreign_page(void **state)
{
	(void)state;
	expect_panic("free of page 0x3ff, which is in no zone",
		     free_page(phys_to_page(BASE - PAGE_SIZE)));
	expect_panic("in no zone", free_page(phys_to_page(BASE + FRAMES * PAGE_SIZE)));
}

static void test_slab_page(void **state)
{
	struct page *page = alloc_page(ZONE_KERNEL);

	(void)state;
	page->state = PAGE_SLAB;
	expect_panic("which is a slab", free_page(page));
	page->state = PAGE_ALLOCATED;
	free_page(page);
}

static void test_references(void **state)
{
	struct page *page = alloc_page(ZONE_KERNEL);

	(void)state;
	get_page(page);
	expect_panic("with 2 references", free_page(page));
	page->refcount = 1;
	put_page(page);
	expect_panic("has no reference to drop", put_page(page));
	page->refcount = 0;
	expect_panic("reference to free page", get_page(page));
}

/* Allocate all of ZONE_KERNEL; the page that was written to is among them. */
static void take_all(void)
{
	while (alloc_page(ZONE_KERNEL))
		;
}

static void test_use_after_free(void **state)
{
	struct page *page = alloc_page(ZONE_KERNEL);
	u8 *p = page_address(page);
	char expected[96];

	(void)state;
	free_page(page);
	assert_int_equal(p[0], POISON_PAGE);
	p[0x123] = 0x55;
	snprintf(expected, sizeof(expected),
		 "free page %#lx was written to: offset 0x123 is 0x55, expected 0xdf",
		 page_to_pfn(page));
	expect_panic(expected, take_all());
}

/* The last byte of the last page of a block, found when the block is split. */
static void test_use_after_free_in_block(void **state)
{
	struct page *block = alloc_pages(ZONE_KERNEL, 3);
	u8 *p = page_address(block);

	(void)state;
	free_pages(block, 3);
	p[(PAGE_SIZE << 3) - 1] ^= 0x10;
	expect_panic("offset 0xfff is 0xcf", take_all());
}

/* What is not mapped is not poisoned: a touch of it would end this test. */
static void test_unmapped_is_left_alone(void **state)
{
	struct page *page = alloc_pages(ZONE_USER, 4);

	(void)state;
	assert_non_null(page);
	free_pages(page, 4);
	assert_false(page->poisoned);
	page = alloc_pages(ZONE_USER, 4);
	assert_non_null(page);
	free_pages(page, 4);
}

static void test_bad_arguments(void **state)
{
	(void)state;
	expect_panic("order 19", assert_null(alloc_pages(ZONE_KERNEL, MAX_ORDER + 1)));
	expect_panic("zone 2", assert_null(alloc_page(ZONE_COUNT)));
}

static void test_check_sees_counters(void **state)
{
	(void)state;
	page_alloc_check();
	zones[ZONE_KERNEL].free--;
	expect_panic("64 frames are free, 63 counted", page_alloc_check());
	machine_after_panic();
	zones[ZONE_KERNEL].free++;
	zones[ZONE_KERNEL].total++;
	expect_panic("of 65", page_alloc_check());
	machine_after_panic();
	zones[ZONE_KERNEL].total--;
	zones[ZONE_USER].by_order[1]++;
	expect_panic("list of order 1: 0 blocks, counted 1", page_alloc_check());
}

static void test_check_sees_states(void **state)
{
	struct page *block = alloc_pages(ZONE_KERNEL, 4);

	(void)state;
	block[5].state = PAGE_FREE;
	expect_panic("is free inside block", page_alloc_check());
	machine_after_panic();
	block[5].state = PAGE_TAIL;
	block->state = PAGE_TAIL;
	expect_panic("begins a block but is inside a block", page_alloc_check());
	machine_after_panic();
	block->state = PAGE_FREE;
	expect_panic("order 4: 2 free blocks found, 1 counted", page_alloc_check());
	machine_after_panic();
	block->state = PAGE_ALLOCATED;
	block->order = 5;
	expect_panic("", page_alloc_check());
}

static void test_check_sees_lists_of_cpus(void **state)
{
	struct page *page = alloc_page(ZONE_KERNEL);

	(void)state;
	free_page(page);
	page_alloc_check();
	page->state = PAGE_ALLOCATED;
	expect_panic("are on such lists", page_alloc_check());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_double_free, start, stop),
		cmocka_unit_test_setup_teardown(test_wrong_order, start, stop),
		cmocka_unit_test_setup_teardown(test_foreign_page, start, stop),
		cmocka_unit_test_setup_teardown(test_slab_page, start, stop),
		cmocka_unit_test_setup_teardown(test_references, start, stop),
		cmocka_unit_test_setup_teardown(test_use_after_free, start, stop),
		cmocka_unit_test_setup_teardown(test_use_after_free_in_block, start, stop),
		cmocka_unit_test_setup_teardown(test_unmapped_is_left_alone, start, stop),
		cmocka_unit_test_setup_teardown(test_bad_arguments, start, stop),
		cmocka_unit_test_setup_teardown(test_check_sees_counters, start, stop),
		cmocka_unit_test_setup_teardown(test_check_sees_states, start, stop),
		cmocka_unit_test_setup_teardown(test_check_sees_lists_of_cpus, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
