/* SPDX-License-Identifier: MIT */
/* tests/host/page_alloc_test.c - what the page allocator promises, one promise at a time. */
#include "tests/host/cmocka_host.h"

#include "arch/x86_64/irq.h"
#include "arch/x86_64/percpu.h"
#include "lib/err.h"
#include "mm/page_alloc.h"
#include "tests/host/fake/machine.h"
#include "tests/host/host_panic.h"

#define RESERVE_OF(frames) ((frames) / 8)

static int start(void **state)
{
	(void)state;
	machine_start();
	page_alloc_init(false);
	page_alloc_fail_after(0);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	page_alloc_check();
	machine_stop();
	return 0;
}

static void add(enum zone_id zone, paddr_t from, u64 frames)
{
	bool mapped = zone == ZONE_KERNEL;

	machine_add_ram(from, from + frames * PAGE_SIZE, mapped);
	assert_int_equal(page_alloc_add_range(zone, from, from + frames * PAGE_SIZE), 0);
}

static u64 free_frames(enum zone_id zone)
{
	struct page_alloc_stats stats;

	page_alloc_stats(zone, &stats);
	assert_int_equal(stats.total, stats.free + stats.pcp + stats.allocated);
	return stats.free + stats.pcp;
}

static u64 blocks_of(enum zone_id zone, unsigned order)
{
	struct page_alloc_stats stats;

	page_alloc_stats(zone, &stats);
	return stats.by_order[order];
}

static void test_each_order(void **state)
{
	(void)state;
	add(ZONE_KERNEL, 16 * MIB, 4096);
	assert_int_equal(blocks_of(ZONE_KERNEL, 12), 1);
	for (unsigned order = 0; order <= 12; order++) {
		struct page *page = alloc_pages(ZONE_KERNEL, order);

		assert_non_null(page);
		assert_true(IS_ALIGNED(page_to_pfn(page), BIT(order)));
		assert_int_equal(page->order, order);
		assert_int_equal(page->refcount, 1);
		assert_int_equal(free_frames(ZONE_KERNEL), 4096 - BIT(order));
		assert_ptr_equal(page_head(page + BIT(order) - 1), page);
		page_alloc_check();
		free_pages(page, order);
		assert_int_equal(free_frames(ZONE_KERNEL), 4096);
	}
	page_alloc_drain_cpu(0);
	assert_int_equal(blocks_of(ZONE_KERNEL, 12), 1);
	assert_null(alloc_pages(ZONE_KERNEL, 13));
}

/* Frames of a run that end together are a block again. */
static void test_run_ends_together(void **state)
{
	struct page *run;

	(void)state;
	add(ZONE_KERNEL, 16 * MIB, 1024);
	run = alloc_pages(ZONE_KERNEL, 9);
	assert_non_null(run);
	page_split(run, 9);
	page_alloc_check();
	for (u64 i = 0; i < 512; i++)
		assert_int_equal(run[i].refcount, 1);
	assert_ptr_equal(page_head(run + 7), run + 7);
	put_page_run(run, 9);
	assert_int_equal(blocks_of(ZONE_KERNEL, 10), 1); /* nothing is left on a stack */
}

/* A frame that somebody else holds stays, the others go, by run or one by one. */
static void test_run_is_shared(void **state)
{
	struct page *run;

	(void)state;
	add(ZONE_KERNEL, 16 * MIB, 1024);
	for (u64 kept = 0; kept < 512; kept += 73) {
		run = alloc_pages(ZONE_KERNEL, 9);
		page_split(run, 9);
		get_page(run + kept);
		put_page_run(run, 9);
		assert_int_equal(free_frames(ZONE_KERNEL), 1023);
		assert_int_equal(run[kept].refcount, 1);
		page_alloc_check();
		put_page(run + kept);
		page_alloc_drain_cpu(0);
		assert_int_equal(blocks_of(ZONE_KERNEL, 10), 1);
	}
}

/* Of another order, or referred to twice. */
static void test_bad_splits(void **state)
{
	struct page *page;

	(void)state;
	add(ZONE_KERNEL, 16 * MIB, 1024);
	page = alloc_pages(ZONE_KERNEL, 4);
	expect_panic("is split", page_split(page, 3));
	machine_after_panic();
	free_pages(page, 4);
	page = alloc_pages(ZONE_KERNEL, 3);
	get_page(page);
	expect_panic("with 2 references is split", page_split(page, 3));
	machine_after_panic();
	put_page(page);
	put_page(page);
}

/* Not poisoned, because it is not mapped: else this would write 1 GiB. */
static void test_largest_block(void **state)
{
	struct page *page;

	(void)state;
	add(ZONE_USER, 3 * GIB - 4 * PAGE_SIZE, (1 * GIB >> PAGE_SHIFT) + 8);
	assert_int_equal(blocks_of(ZONE_USER, MAX_ORDER), 1);
	page = alloc_pages(ZONE_USER, MAX_ORDER);
	assert_non_null(page);
	assert_int_equal(page_to_phys(page), 3 * GIB);
	assert_false(page_is_mapped(page));
	assert_null(alloc_pages(ZONE_USER, MAX_ORDER));
	free_pages(page, MAX_ORDER);
	assert_int_equal(blocks_of(ZONE_USER, MAX_ORDER), 1);
}

static void test_range_errors(void **state)
{
	const paddr_t at = 1 * MIB;

	(void)state;
	add(ZONE_KERNEL, at, 16);
	assert_int_equal(page_alloc_add_range(ZONE_KERNEL, at + 100, at + PAGE_SIZE + 99), -EINVAL);
	assert_int_equal(page_alloc_add_range(ZONE_KERNEL, at, at), -EINVAL);
	assert_int_equal(page_alloc_add_range(ZONE_KERNEL, at, at + PAGE_SIZE), -EINVAL);
	assert_int_equal(page_alloc_add_range(ZONE_USER, at - PAGE_SIZE, at + 64 * PAGE_SIZE),
			 -EINVAL);
	machine_add_ram(2 * MIB, 2 * MIB + 4 * PAGE_SIZE, true);
	assert_int_equal(
		page_alloc_add_range(ZONE_KERNEL, 2 * MIB + 1, 2 * MIB + 3 * PAGE_SIZE - 1), 0);
	assert_int_equal(free_frames(ZONE_KERNEL), 16 + 1);
	assert_false(page_is_managed(2 * MIB >> PAGE_SHIFT));
	assert_true(page_is_managed((2 * MIB >> PAGE_SHIFT) + 1));
}

static void test_too_many_ranges(void **state)
{
	const paddr_t base = 1 * GIB;

	(void)state;
	for (u64 i = 0; i < MAX_PAGE_RANGES; i++)
		add(ZONE_KERNEL, base + 2 * i * PAGE_SIZE, 1);
	assert_int_equal(page_alloc_add_range(ZONE_KERNEL, 2 * GIB, 2 * GIB + PAGE_SIZE), -ENOSPC);
	assert_int_equal(free_frames(ZONE_KERNEL), MAX_PAGE_RANGES);
}

/* The buddies of these frames are outside: their struct pages would fault. */
static void test_holes(void **state)
{
	struct page *pages[3];

	(void)state;
	add(ZONE_KERNEL, (1024 + 85) * PAGE_SIZE, 1);
	add(ZONE_KERNEL, 8192 * PAGE_SIZE, 1);
	add(ZONE_KERNEL, 20479 * PAGE_SIZE, 1);
	for (u32 i = 0; i < 3; i++)
		assert_non_null(pages[i] = alloc_page(ZONE_KERNEL));
	assert_null(alloc_page(ZONE_KERNEL));
	for (u32 i = 0; i < 3; i++)
		free_page(pages[i]);
	page_alloc_drain_cpu(0);
	assert_int_equal(blocks_of(ZONE_KERNEL, 0), 3);
}

static void test_neighbours_do_not_merge(void **state)
{
	(void)state;
	add(ZONE_KERNEL, 1 * MIB, 1);
	add(ZONE_USER, 1 * MIB + PAGE_SIZE, 1);
	free_page(alloc_page(ZONE_KERNEL));
	free_page(alloc_page(ZONE_USER));
	page_alloc_drain_cpu(0);
	assert_int_equal(blocks_of(ZONE_KERNEL, 0), 1);
	assert_int_equal(blocks_of(ZONE_USER, 0), 1);
}

/* Frames that @zone's requests get before they fail; all are freed again. */
static u64 exhaust(enum zone_id zone)
{
	struct page *first = NULL, *page;
	u64 count = 0;

	while ((page = alloc_page(zone)) != NULL) {
		page->private[0] = (u64)first;
		first = page;
		count++;
	}
	while ((page = first) != NULL) {
		first = (struct page *)page->private[0];
		free_page(page);
	}
	page_alloc_drain_cpu(0);
	return count;
}

static void test_unmapped_user_zone(void **state)
{
	(void)state;
	add(ZONE_KERNEL, 1 * MIB, 256);
	add(ZONE_USER, 4 * MIB, 100);
	assert_int_equal(exhaust(ZONE_KERNEL), 256);
	assert_int_equal(exhaust(ZONE_USER), 100 + 256 - RESERVE_OF(256));
	assert_int_equal(exhaust(ZONE_KERNEL), 256);
}

static void test_mapped_user_zone(void **state)
{
	(void)state;
	page_alloc_init(true);
	add(ZONE_KERNEL, 1 * MIB, 256);
	machine_add_ram(4 * MIB, 4 * MIB + 100 * PAGE_SIZE, true);
	assert_int_equal(page_alloc_add_range(ZONE_USER, 4 * MIB, 4 * MIB + 100 * PAGE_SIZE), 0);
	assert_true(page_is_mapped(phys_to_page(4 * MIB)));
	assert_int_equal(exhaust(ZONE_KERNEL), 256 + 100);
	assert_int_equal(exhaust(ZONE_USER), 100 + 256 - RESERVE_OF(256));
}

static void test_empty_zones(void **state)
{
	(void)state;
	assert_null(alloc_page(ZONE_KERNEL));
	assert_null(alloc_pages(ZONE_USER, 3));
	assert_int_equal(free_frames(ZONE_KERNEL), 0);
}

static void test_lists_of_cpus(void **state)
{
	struct page *page;

	(void)state;
	add(ZONE_KERNEL, 4 * MIB, 32);
	machine_set_cpu(1);
	page = alloc_page(ZONE_KERNEL);
	assert_non_null(page);
	machine_set_cpu(2);
	assert_null(alloc_page(ZONE_KERNEL));
	assert_int_equal(free_frames(ZONE_KERNEL), 31);
	free_page(page);
	assert_ptr_equal(alloc_page(ZONE_KERNEL), page);
	expect_panic("CPU 2 drains the lists of CPU 1", page_alloc_drain_cpu(1));
	machine_after_panic();
	free_page(page);
	page_alloc_drain_cpu(2);
	machine_set_cpu(1);
	page_alloc_drain_cpu(1);
	assert_int_equal(blocks_of(ZONE_KERNEL, 5), 1);
}

/* The pages of a larger block are on this CPU's list: they come back for it. */
static void test_block_needs_own_list(void **state)
{
	struct page *page;

	(void)state;
	add(ZONE_KERNEL, 4 * MIB, 4);
	free_page(alloc_page(ZONE_KERNEL));
	assert_int_equal(blocks_of(ZONE_KERNEL, 2), 0);
	page = alloc_pages(ZONE_KERNEL, 2);
	assert_non_null(page);
	free_pages(page, 2);
}

static void test_fail_after(void **state)
{
	struct page *a, *b;

	(void)state;
	add(ZONE_KERNEL, 4 * MIB, 64);
	assert_int_equal(page_alloc_fail_after(2), 0);
	assert_non_null(a = alloc_page(ZONE_KERNEL));
	assert_null(alloc_pages(ZONE_KERNEL, 1));
	assert_non_null(b = alloc_pages(ZONE_KERNEL, 1));
	assert_int_equal(page_alloc_fail_after(5), 0);
	assert_int_equal(page_alloc_fail_after(0), 5);
	free_page(a);
	free_pages(b, 1);
}

static void test_references(void **state)
{
	struct page *page;

	(void)state;
	add(ZONE_KERNEL, 4 * MIB, 64);
	page = alloc_pages(ZONE_KERNEL, 3);
	get_page(page);
	put_page(page);
	assert_int_equal(free_frames(ZONE_KERNEL), 56);
	put_page(page);
	assert_int_equal(free_frames(ZONE_KERNEL), 64);
}

static void test_interrupts_stay_off(void **state)
{
	u64 flags = irq_save();

	(void)state;
	add(ZONE_KERNEL, 4 * MIB, 256);
	for (u32 i = 0; i < 3; i++)
		assert_int_equal(exhaust(ZONE_KERNEL), 256);
	assert_false(irqs_enabled());
	irq_restore(flags);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_each_order, start, stop),
		cmocka_unit_test_setup_teardown(test_run_ends_together, start, stop),
		cmocka_unit_test_setup_teardown(test_run_is_shared, start, stop),
		cmocka_unit_test_setup_teardown(test_bad_splits, start, stop),
		cmocka_unit_test_setup_teardown(test_largest_block, start, stop),
		cmocka_unit_test_setup_teardown(test_range_errors, start, stop),
		cmocka_unit_test_setup_teardown(test_too_many_ranges, start, stop),
		cmocka_unit_test_setup_teardown(test_holes, start, stop),
		cmocka_unit_test_setup_teardown(test_neighbours_do_not_merge, start, stop),
		cmocka_unit_test_setup_teardown(test_unmapped_user_zone, start, stop),
		cmocka_unit_test_setup_teardown(test_mapped_user_zone, start, stop),
		cmocka_unit_test_setup_teardown(test_empty_zones, start, stop),
		cmocka_unit_test_setup_teardown(test_lists_of_cpus, start, stop),
		cmocka_unit_test_setup_teardown(test_block_needs_own_list, start, stop),
		cmocka_unit_test_setup_teardown(test_fail_after, start, stop),
		cmocka_unit_test_setup_teardown(test_references, start, stop),
		cmocka_unit_test_setup_teardown(test_interrupts_stay_off, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
