/* SPDX-License-Identifier: MIT */
/*
 * tests/host/object_test.c - memory objects on the real allocators: what they promise, a
 * storm against a model, a rival at work in the middle of an allocation, and running out
 * of memory at each point where that can happen.
 */
#include "tests/host/cmocka_host.h"

#include "lib/err.h"
#include "lib/rand.h"
#include "mm/object.h"
#include "mm/page_alloc.h"
#include "mm/slab.h"
#include "tests/host/fake/machine.h"
#include "tests/host/fake/page_zero.h"

#define KERNEL_START  MIB
#define USER_START    (64 * MIB)
#define FRAMES	      4096
#define LEAF_PAGES    512 /* pages that one page of pointers reaches */
#define STEPS	      50000
#define STORM_OBJECTS 6
#define STORM_PAGES   (LEAF_PAGES + 5)
#define GIB_PAGES     (GIB / PAGE_SIZE)

static struct rand rnd;

static u64 allocated(enum zone_id zone)
{
	struct page_alloc_stats stats;

	page_alloc_stats(zone, &stats);
	return stats.allocated;
}

static void add_ram(enum zone_id zone, paddr_t from)
{
	machine_add_ram(from, from + FRAMES * PAGE_SIZE, true);
	assert_int_equal(page_alloc_add_range(zone, from, from + FRAMES * PAGE_SIZE), 0);
}

/* One machine for all tests, as there is one cache of objects. */
static int start_machine(void **state)
{
	(void)state;
	machine_start();
	page_alloc_init(true);
	add_ram(ZONE_KERNEL, KERNEL_START);
	add_ram(ZONE_USER, USER_START);
	return 0;
}

static int stop_machine(void **state)
{
	(void)state;
	machine_stop();
	return 0;
}

static int start(void **state)
{
	(void)state;
	page_alloc_fail_after(0);
	page_zero_rival = NULL;
	rand_seed(&rnd, 5);
	return 0;
}

/* Nothing is left of any object. */
static int stop(void **state)
{
	(void)state;
	page_alloc_fail_after(0);
	kmem_shrink();
	assert_int_equal(allocated(ZONE_USER), 0);
	assert_int_equal(allocated(ZONE_KERNEL), 0);
	page_alloc_check();
	return 0;
}

static struct page *page_of(struct object *object, u64 index)
{
	struct page *page = NULL;

	assert_int_equal(object_page(object, index, &page), 0);
	assert_non_null(page);
	return page;
}

static void test_pages(void **state)
{
	struct object *object = object_create(3);
	struct page *first = page_of(object, 0), *page;

	(void)state;
	assert_int_equal(object_pages(object), 3);
	assert_int_equal(first->refcount, 1);
	assert_int_equal(first->zone, ZONE_USER);
	assert_ptr_equal(page_of(object, 0), first);
	assert_ptr_not_equal(page_of(object, 2), first);
	assert_int_equal(allocated(ZONE_USER), 2);
	assert_int_equal(object_page(object, 3, &page), -ERANGE);
	assert_int_equal(object_page(object, ~0ul, &page), -ERANGE);
	object_put(object);
}

static void test_zeroed(void **state)
{
	struct object *object = object_create(8);
	static const u8 zeroes[PAGE_SIZE];

	(void)state;
	for (u64 i = 0; i < 8; i++)
		memset(page_address(page_of(object, i)), 0xff, PAGE_SIZE);
	object_put(object);
	object = object_create(8);
	for (u64 i = 0; i < 8; i++)
		assert_memory_equal(page_address(page_of(object, i)), zeroes, PAGE_SIZE);
	object_put(object);
}

static void test_references(void **state)
{
	struct object *object = object_create(1);
	struct page *page = page_of(object, 0);

	(void)state;
	object_get(object);
	object_put(object);
	assert_ptr_equal(page_of(object, 0), page);
	get_page(page);
	object_put(object);
	/* The page outlives the object if somebody else wants it. */
	assert_int_equal(page->refcount, 1);
	assert_int_equal(allocated(ZONE_USER), 1);
	put_page(page);
}

static void test_sizes(void **state)
{
	static const u64 sizes[] = { 1, LEAF_PAGES - 1, LEAF_PAGES, LEAF_PAGES + 1, GIB_PAGES };

	(void)state;
	assert_null(object_create(0));
	assert_null(object_create(OBJECT_MAX_PAGES + 1));
	assert_null(object_create(~0ul));
	for (u64 i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct object *object = object_create(sizes[i]);
		struct page *page;

		assert_non_null(page_of(object, sizes[i] - 1));
		assert_int_equal(object_page(object, sizes[i], &page), -ERANGE);
		object_put(object);
	}
}

static void test_sparse_is_cheap(void **state)
{
	struct object *small = object_create(1), *object;
	u64 few = allocated(ZONE_KERNEL), empty;

	(void)state;
	object = object_create(GIB_PAGES);
	empty = allocated(ZONE_KERNEL);
	assert_true(empty - few <= 8); /* a slab of 4 KiB objects */
	page_of(object, 0);
	page_of(object, LEAF_PAGES - 1);
	assert_int_equal(allocated(ZONE_KERNEL), empty + 1);
	page_of(object, GIB_PAGES - 1);
	assert_int_equal(allocated(ZONE_KERNEL), empty + 2);
	assert_int_equal(allocated(ZONE_USER), 3);
	object_put(object);
	object = object_create(OBJECT_MAX_PAGES);
	page_of(object, OBJECT_MAX_PAGES - 1);
	object_put(object);
	object_put(small);
}

/* --- a storm --------------------------------------------------------------------------- */

struct model {
	struct object *object;
	u64 pages, refs;
	struct page *page[STORM_PAGES];
};

static struct model models[STORM_OBJECTS];
static u64 resident;

static void check_page(struct model *m)
{
	u64 index = rand_below(&rnd, STORM_PAGES);
	struct page *page;
	u64 *word;

	if (index >= m->pages) {
		assert_int_equal(object_page(m->object, index, &page), -ERANGE);
		return;
	}
	page = page_of(m->object, index);
	word = page_address(page);
	if (!m->page[index]) {
		assert_int_equal(*word, 0);
		*word = (u64)&m->page[index];
		m->page[index] = page;
		resident++;
	}
	assert_ptr_equal(page, m->page[index]);
	assert_int_equal(*word, (u64)&m->page[index]);
	assert_int_equal(page->refcount, 1);
}

static void model_put(struct model *m)
{
	object_put(m->object);
	if (--m->refs > 0)
		return;
	for (u64 i = 0; i < m->pages; i++)
		resident -= m->page[i] != NULL;
	*m = (struct model){ 0 };
}

static void storm_step(struct model *m)
{
	if (!m->object) {
		m->pages = 1 + rand_below(&rnd, STORM_PAGES);
		m->object = object_create(m->pages);
		m->refs = 1;
		assert_non_null(m->object);
	} else if (rand_below(&rnd, 200) == 0) {
		model_put(m);
	} else if (rand_below(&rnd, 400) == 0) {
		object_get(m->object);
		m->refs++;
	} else {
		check_page(m);
	}
	assert_int_equal(allocated(ZONE_USER), resident);
}

static void test_storm(void **state)
{
	(void)state;
	for (u64 i = 0; i < STEPS; i++)
		storm_step(&models[rand_below(&rnd, STORM_OBJECTS)]);
	for (u64 i = 0; i < STORM_OBJECTS; i++)
		while (models[i].object)
			model_put(&models[i]);
	assert_int_equal(resident, 0);
}

/* --- a rival --------------------------------------------------------------------------- */

static struct object *contended;
static u64 rival_index;
static struct page *rival_page;

static void rival_asks(void)
{
	rival_page = page_of(contended, rival_index);
}

/* Both want the same page that is not there: one is used, the other goes back. */
static void test_rival_same_page(void **state)
{
	struct page *page;

	(void)state;
	contended = object_create(LEAF_PAGES);
	rival_index = 7;
	page_zero_rival = rival_asks;
	page = page_of(contended, 7);
	assert_ptr_equal(page, rival_page);
	assert_int_equal(allocated(ZONE_USER), 1);
	/* The same with the leaf there already. */
	rival_index = 8;
	page_zero_rival = rival_asks;
	page = page_of(contended, 8);
	assert_ptr_equal(page, rival_page);
	assert_int_equal(allocated(ZONE_USER), 2);
	object_put(contended);
}

/* Different pages of one leaf that is not there: one leaf is used, both pages are. */
static void test_rival_same_leaf(void **state)
{
	struct page *page;
	u64 before;

	(void)state;
	contended = object_create(LEAF_PAGES);
	before = allocated(ZONE_KERNEL);
	rival_index = 1;
	page_zero_rival = rival_asks;
	page = page_of(contended, 0);
	assert_ptr_not_equal(page, rival_page);
	assert_ptr_equal(page_of(contended, 0), page);
	assert_ptr_equal(page_of(contended, 1), rival_page);
	assert_int_equal(allocated(ZONE_KERNEL), before + 1);
	object_put(contended);
}

/* --- memory runs out -------------------------------------------------------------------- */

static void test_no_memory_for_page(void **state)
{
	struct object *object = object_create(LEAF_PAGES);
	u64 before = allocated(ZONE_KERNEL);
	struct page *page;

	(void)state;
	for (u64 k = 1; k <= 2; k++) { /* the leaf, the page */
		page_alloc_fail_after(k);
		assert_int_equal(object_page(object, 0, &page), -ENOMEM);
		assert_int_equal(page_alloc_fail_after(0), 0);
		assert_int_equal(allocated(ZONE_KERNEL), before);
		assert_int_equal(allocated(ZONE_USER), 0);
	}
	page_of(object, 0);
	page_alloc_fail_after(1);
	assert_int_equal(object_page(object, 1, &page), -ENOMEM);
	/* What is there needs no memory. */
	page_alloc_fail_after(1);
	assert_int_equal(object_page(object, 0, &page), 0);
	assert_int_equal(page_alloc_fail_after(0), 1);
	object_put(object);
}

/*
 * Objects until the cache's slab is full, so that the next one needs a slab and a
 * directory: each of them fails once.
 */
static void test_no_memory_for_object(void **state)
{
	enum { MANY = 400 };
	static struct object *objects[MANY];
	bool failed_at[3] = { false };

	(void)state;
	for (u64 i = 0; i < MANY; i++) {
		for (u64 k = 1;; k++) {
			u64 before = allocated(ZONE_KERNEL);

			page_alloc_fail_after(k);
			objects[i] = object_create(GIB_PAGES);
			if (page_alloc_fail_after(0) > 0)
				break;
			assert_null(objects[i]);
			assert_true(k < ARRAY_SIZE(failed_at));
			failed_at[k] = true;
			/* A new slab for the cache stays as its spare, when the next one fails. */
			assert_in_range(allocated(ZONE_KERNEL), before, before + 8);
		}
		assert_non_null(objects[i]);
	}
	assert_true(failed_at[1] && failed_at[2]);
	for (u64 i = 0; i < MANY; i++)
		object_put(objects[i]);
}

static void test_memory_is_all_used(void **state)
{
	struct object *object = object_create(GIB_PAGES);
	struct page *page;
	u64 pages = 0;
	int err;

	(void)state;
	do {
		err = object_page(object, pages, &page);
	} while (!err && ++pages < GIB_PAGES);
	assert_int_equal(err, -ENOMEM);
	assert_true(pages >= FRAMES);
	assert_non_null(page_of(object, pages - 1));
	object_put(object);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

static u32 ends;

static void count_end(void)
{
	ends++;
}

/* Of a device: nothing is allocated for its pages, and its end is told once. */
static void test_device(void **state)
{
	struct object *object = object_create_device(4 * GIB, 3, PTE_PWT, count_end), *plain;

	(void)state;
	assert_non_null(object);
	assert_int_equal(object_pages(object), 3);
	assert_int_equal(object_device_page(object, 0), 4 * GIB | PTE_PWT);
	assert_int_equal(object_device_page(object, 2), (4 * GIB + 2 * PAGE_SIZE) | PTE_PWT);
	assert_int_equal(allocated(ZONE_USER), 0);
	object_get(object);
	object_put(object);
	assert_int_equal(ends, 0);
	object_put(object);
	assert_int_equal(ends, 1);
	assert_null(object_create_device(4 * GIB, 0, PTE_PWT, count_end));
	assert_null(object_create_device(4 * GIB, OBJECT_MAX_PAGES + 1, PTE_PWT, count_end));
	plain = object_create(1);
	assert_int_equal(object_device_page(plain, 0), 0);
	object_put(plain);
	assert_int_equal(ends, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_device),
		TEST(test_pages),
		TEST(test_zeroed),
		TEST(test_references),
		TEST(test_sizes),
		TEST(test_sparse_is_cheap),
		TEST(test_storm),
		TEST(test_rival_same_page),
		TEST(test_rival_same_leaf),
		TEST(test_no_memory_for_page),
		TEST(test_no_memory_for_object),
		TEST(test_memory_is_all_used),
	};

	return cmocka_run_group_tests(tests, start_machine, stop_machine);
}
