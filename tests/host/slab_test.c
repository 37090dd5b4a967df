/* SPDX-License-Identifier: MIT */
/*
 * tests/host/slab_test.c - caches and kmalloc: what they promise, storms against a
 * model, and running out of memory at each point where that can happen.
 */
#include "tests/host/cmocka_host.h"

#include "lib/rand.h"
#include "mm/page_alloc.h"
#include "mm/slab.h"
#include "tests/host/fake/machine.h"
#include "tests/host/host_panic.h"

#define FRAMES	    4096
#define MAX_OBJECTS 3000
#define STEPS	    30000

struct object {
	u8 *p;
	size_t size;
	u8 mark;
};

static struct object objects[MAX_OBJECTS];
static u64 object_count;
static struct rand rnd;

static int start(void **state)
{
	(void)state;
	machine_start();
	page_alloc_init(false);
	page_alloc_fail_after(0);
	machine_add_ram(1 * MIB, 1 * MIB + FRAMES * PAGE_SIZE, true);
	assert_int_equal(page_alloc_add_range(ZONE_KERNEL, 1 * MIB, 1 * MIB + FRAMES * PAGE_SIZE),
			 0);
	object_count = 0;
	rand_seed(&rnd, 7);
	return 0;
}

static u64 allocated_frames(void)
{
	struct page_alloc_stats stats;

	page_alloc_stats(ZONE_KERNEL, &stats);
	return stats.allocated;
}

static int stop(void **state)
{
	(void)state;
	page_alloc_fail_after(0);
	kmem_shrink();
	assert_int_equal(allocated_frames(), 0);
	page_alloc_check();
	machine_stop();
	return 0;
}

static void remember(u8 *p, size_t size)
{
	struct object *o = &objects[object_count++];

	*o = (struct object){ p, size, (u8)rand_next(&rnd) };
	memset(p, o->mark, size);
}

/* Overlapping objects would have overwritten each other's marks. */
static struct object forget(u64 index)
{
	struct object o = objects[index];

	for (size_t i = 0; i < o.size; i++)
		assert_int_equal(o.p[i], o.mark);
	objects[index] = objects[--object_count];
	return o;
}

static bool growing(u64 i)
{
	return rand_below(&rnd, 100) < ((i / 4000) % 2 == 0 ? 65u : 35u);
}

static void storm_on_cache(u32 size, u32 align)
{
	struct kmem_cache cache;
	struct kmem_cache_stats stats;

	kmem_cache_init(&cache, "storm", size, align);
	for (u64 i = 0; i < STEPS; i++) {
		u8 *p;

		if (!growing(i) || object_count == MAX_OBJECTS) {
			if (object_count > 0)
				kmem_cache_free(&cache, forget(rand_below(&rnd, object_count)).p);
			continue;
		}
		p = kmem_cache_alloc(&cache);
		if (!p)
			continue;
		assert_true(IS_ALIGNED((u64)p, MAX(align, 8u)));
		remember(p, size);
	}
	kmem_cache_stats(&cache, &stats);
	assert_int_equal(stats.in_use, object_count);
	assert_true(stats.capacity >= stats.in_use);
	assert_int_equal(stats.pages, allocated_frames());
	while (object_count > 0)
		kmem_cache_free(&cache, forget(object_count - 1).p);
	kmem_cache_stats(&cache, &stats);
	assert_int_equal(stats.slabs, 1);
	kmem_cache_destroy(&cache);
	assert_int_equal(allocated_frames(), 0);
}

static void test_storms(void **state)
{
	static const struct {
		u32 size, align;
	} shapes[] = {
		{ 1, 0 },   { 7, 8 },	  { 8, 8 },	  { 24, 16 },	  { 64, 64 },
		{ 100, 4 }, { 192, 128 }, { 1000, 1024 }, { 4096, 4096 }, { 6000, 16 },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(shapes); i++)
		storm_on_cache(shapes[i].size, shapes[i].align);
}

static void test_kmalloc_storm(void **state)
{
	(void)state;
	for (u64 i = 0; i < STEPS; i++) {
		size_t size;
		u8 *p;

		if (!growing(i) || object_count == MAX_OBJECTS) {
			if (object_count > 0)
				kfree(forget(rand_below(&rnd, object_count)).p);
			continue;
		}
		size = 1 + rand_below(&rnd, BIT(rand_below(&rnd, 16)));
		p = kmalloc(size);
		if (!p)
			continue;
		assert_true(IS_ALIGNED((u64)p, KMALLOC_ALIGN));
		remember(p, size);
	}
	while (object_count > 0)
		kfree(forget(object_count - 1).p);
}

static void test_kmalloc_sizes(void **state)
{
	(void)state;
	assert_null(kmalloc(0));
	assert_null(kmalloc((PAGE_SIZE << MAX_ORDER) + 1));
	assert_null(kmalloc(SIZE_MAX));
	assert_null(kmalloc(FRAMES * PAGE_SIZE));
	kfree(NULL);
	for (size_t size = 1; size <= 3 * KMALLOC_MAX_CACHED; size += 61) {
		u8 *p = kzalloc(size);

		assert_non_null(p);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, size);
		if (size > KMALLOC_MAX_CACHED)
			assert_true(IS_ALIGNED((u64)p, PAGE_SIZE));
		kfree(p);
	}
}

static KMEM_CACHE(static_cache, "static", 40, 8);

static void test_static_cache(void **state)
{
	u64 *p = kmem_cache_zalloc(&static_cache);

	(void)state;
	assert_non_null(p);
	for (u32 i = 0; i < 5; i++)
		assert_int_equal(p[i], 0);
	kmem_cache_free(&static_cache, p);
	kmem_cache_shrink(&static_cache);
	kmem_cache_shrink(&static_cache);
	assert_int_equal(allocated_frames(), 0);
}

/* Size classes and caches of their own are all known, and shrink together. */
static void test_shrink_all(void **state)
{
	(void)state;
	assert_false(kmem_has_spare());
	kmem_cache_free(&static_cache, kmem_cache_alloc(&static_cache));
	assert_true(kmem_has_spare());
	kfree(kmalloc(KMALLOC_MIN));
	kfree(kmalloc(KMALLOC_MAX_CACHED));
	assert_true(allocated_frames() >= 3);
	kmem_shrink();
	assert_false(kmem_has_spare());
	assert_int_equal(allocated_frames(), 0);
}

/* One empty slab stays, however many there were. */
static void test_one_spare(void **state)
{
	struct kmem_cache cache;
	struct kmem_cache_stats stats;

	(void)state;
	kmem_cache_init(&cache, "spare", 512, 0);
	for (u64 i = 0; i < 500; i++)
		remember(kmem_cache_alloc(&cache), 512);
	kmem_cache_stats(&cache, &stats);
	assert_true(stats.slabs > 10);
	while (object_count > 0)
		kmem_cache_free(&cache, forget(0).p);
	kmem_cache_stats(&cache, &stats);
	assert_int_equal(stats.slabs, 1);
	assert_int_equal(stats.in_use, 0);
	kmem_cache_destroy(&cache);
}

/* Fill a cache, small and large pieces with the k-th page allocation failing. */
static void test_each_allocation_fails(void **state)
{
	u64 failures, k = 1;

	(void)state;
	do {
		failures = 0;
		page_alloc_fail_after(k);
		for (u64 i = 0; i < 200; i++) {
			u8 *p = kmalloc(i % 50 == 0 ? 5 * PAGE_SIZE : 700);

			if (p)
				remember(p, 700);
			else
				failures++;
		}
		assert_int_equal(failures, page_alloc_fail_after(0) == 0);
		while (object_count > 0)
			kfree(forget(0).p);
		kmem_shrink();
		assert_int_equal(allocated_frames(), 0);
		k++;
	} while (failures > 0);
	assert_true(!CONFIG_DEBUG || k > 20);
}

static void test_out_of_memory(void **state)
{
	struct kmem_cache cache;
	u64 count = 0;
	void **last = NULL, **p;

	(void)state;
	kmem_cache_init(&cache, "greedy", 2000, 0);
	while ((p = kmem_cache_alloc(&cache)) != NULL) {
		*p = last;
		last = p;
		count++;
	}
	assert_true(count > FRAMES);
	assert_null(kmem_cache_zalloc(&cache));
	while (last) {
		p = last;
		last = *p;
		kmem_cache_free(&cache, p);
	}
	kmem_cache_destroy(&cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_storms, start, stop),
		cmocka_unit_test_setup_teardown(test_kmalloc_storm, start, stop),
		cmocka_unit_test_setup_teardown(test_kmalloc_sizes, start, stop),
		cmocka_unit_test_setup_teardown(test_static_cache, start, stop),
		cmocka_unit_test_setup_teardown(test_shrink_all, start, stop),
		cmocka_unit_test_setup_teardown(test_one_spare, start, stop),
		cmocka_unit_test_setup_teardown(test_each_allocation_fails, start, stop),
		cmocka_unit_test_setup_teardown(test_out_of_memory, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
