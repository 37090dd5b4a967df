/* SPDX-License-Identifier: MIT */
/*
 * tests/host/tlbmodel_test.c - tools/tlbcheck/model.c: each number here was counted by hand,
 * on caches so small that that is possible.
 */
#include "tests/host/cmocka_host.h"
#include "model.h"

#define BIG	    (1ull << 21)
#define HUGE	    (1ull << 30)
#define TOP	    (1ull << 39) /* bytes below an entry of four levels' root */
#define KERNEL	    0xffffffff80000000ull
#define FOUR_LEVELS 4
#define LEAF_4K	    1
#define LEAF_2M	    2
#define LEAF_1G	    3

static const char *const small_shapes[][2] = {
	{ "itlb4k", "2/2" }, { "itlb2m", "2/2" }, { "dtlb4k", "4/2" }, { "dtlb2m", "2/2" },
	{ "dtlb1g", "1/1" }, { "stlb", "8/4" },	  { "stlb1g", "1/1" }, { "pde", "2/2" },
	{ "pdpte", "1/1" },  { "pml4e", "1/1" },  { "pml5e", "1/1" },
};

static struct model *m;

static int make(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(small_shapes); i++)
		if (!model_set_shape(small_shapes[i][0], small_shapes[i][1]))
			return -1;
	m = model_make();
	return 0;
}

static int throw_away(void **state)
{
	(void)state;
	model_free(m);
	return 0;
}

static struct walk way_of(uint64_t va, unsigned int last, uint64_t flags)
{
	struct walk way = { .va = va, .top = FOUR_LEVELS, .last = (uint8_t)last, .present = true };

	way.entry[last] = PTE_PRESENT | flags;
	return way;
}

enum where { FIRST, SECOND, WALKED };

/* Where the translation of @va is; after that it is in both levels. */
static enum where look(enum model_access access, uint64_t va, unsigned int last, uint64_t flags)
{
	struct model_counts before = m->counts;
	struct walk way = way_of(va, last, flags);

	if (!model_access(m, access, va)) {
		model_fill(m, access, &way);
		assert_int_equal(m->counts.stlb_misses, before.stlb_misses + 1);
		return WALKED;
	}
	assert_int_equal(m->counts.stlb_misses, before.stlb_misses);
	return m->counts.itlb_misses + m->counts.dtlb_misses ==
			       before.itlb_misses + before.dtlb_misses
		       ? FIRST
		       : SECOND;
}

static enum where read_page(uint64_t page)
{
	return look(MODEL_READ, page * PAGE_BYTES, LEAF_4K, 0);
}

/* Four entries in two sets: the third page of a set drives out the one not used for longest. */
static void test_conflict_and_recency(void **state)
{
	(void)state;
	assert_int_equal(read_page(0), WALKED);
	assert_int_equal(read_page(2), WALKED);
	assert_int_equal(read_page(1), WALKED); /* the other set */
	assert_int_equal(read_page(0), FIRST);	/* 2 is now the oldest of its set */
	assert_int_equal(read_page(4), WALKED);
	assert_int_equal(read_page(0), FIRST);
	assert_int_equal(read_page(1), FIRST);
	assert_int_equal(read_page(2), SECOND);
	assert_int_equal(m->counts.accesses[MODEL_READ], 8);
	assert_int_equal(m->counts.dtlb_misses, 5);
	assert_int_equal(m->counts.stlb_misses, 4);
}

/* Of two sets, each with four ways, by the two lowest bits of the page number together. */
static void test_second_level_capacity(void **state)
{
	static const uint64_t same_set[] = { 0, 3, 4, 7, 8 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(same_set); i++)
		assert_int_equal(read_page(same_set[i]), WALKED);
	assert_int_equal(read_page(1), WALKED);
	assert_int_equal(read_page(2), WALKED);
	assert_int_equal(read_page(5), WALKED); /* no longer in the first level: 3 and 7 */
	assert_int_equal(read_page(3), SECOND); /* the other set took 1, 2 and 5 */
	assert_int_equal(read_page(0), WALKED); /* the oldest of five */
}

static void test_data_and_code_share_the_second(void **state)
{
	(void)state;
	assert_int_equal(read_page(5), WALKED);
	assert_int_equal(look(MODEL_FETCH, 5 * PAGE_BYTES, LEAF_4K, 0), SECOND);
	assert_int_equal(look(MODEL_FETCH, 5 * PAGE_BYTES, LEAF_4K, 0), FIRST);
	assert_int_equal(look(MODEL_WRITE, 5 * PAGE_BYTES, LEAF_4K, 0), FIRST);
	assert_int_equal(m->counts.itlb_misses, 1);
	assert_int_equal(m->counts.dtlb_misses, 1);
}

static void test_page_sizes(void **state)
{
	(void)state;
	assert_int_equal(look(MODEL_READ, BIG, LEAF_2M, 0), WALKED);
	assert_int_equal(look(MODEL_READ, BIG + 17 * PAGE_BYTES, LEAF_2M, 0), FIRST);
	assert_int_equal(look(MODEL_READ, 2 * BIG, LEAF_2M, 0), WALKED);
	assert_int_equal(look(MODEL_READ, 5 * HUGE + BIG, LEAF_1G, 0), WALKED);
	assert_int_equal(look(MODEL_READ, 5 * HUGE + 7 * BIG, LEAF_1G, 0), FIRST);
	assert_int_equal(look(MODEL_FETCH, 5 * HUGE + 7 * BIG, LEAF_1G, 0), SECOND);
	assert_int_equal(look(MODEL_FETCH, 5 * HUGE + 7 * BIG + PAGE_BYTES, LEAF_1G, 0), FIRST);
	assert_int_equal(look(MODEL_FETCH, 5 * HUGE + 8 * BIG, LEAF_1G, 0), SECOND);
}

static void test_tags(void **state)
{
	(void)state;
	model_load(m, 1, false);
	assert_int_equal(read_page(7), WALKED);
	model_load(m, 2, false);
	assert_int_equal(read_page(7), WALKED);
	model_load(m, 1, true);
	assert_int_equal(read_page(7), FIRST);
	model_load(m, 1, false); /* drops what is tagged 1, and no more */
	assert_int_equal(read_page(7), WALKED);
	model_load(m, 2, true);
	assert_int_equal(read_page(7), FIRST);
	model_flush_tag(m, 1);
	assert_int_equal(read_page(7), FIRST);
	model_load(m, 1, true);
	assert_int_equal(read_page(7), WALKED);
	assert_int_equal(m->counts.loads, 6);
	assert_int_equal(m->counts.flushing_loads, 3);
}

static enum where read_global(void)
{
	return look(MODEL_READ, KERNEL, LEAF_4K, PTE_GLOBAL);
}

static void test_global(void **state)
{
	(void)state;
	model_load(m, 1, false);
	assert_int_equal(read_global(), WALKED);
	model_load(m, 2, false);
	assert_int_equal(read_global(), FIRST);
	model_flush_tag_page(m, 2, KERNEL);
	assert_int_equal(read_global(), FIRST);
	model_flush_all(m, false);
	assert_int_equal(read_global(), FIRST);
	model_flush_page(m, KERNEL);
	assert_int_equal(read_global(), WALKED);
	model_flush_all(m, true);
	assert_int_equal(read_global(), WALKED);
}

static void test_flush_of_a_page(void **state)
{
	(void)state;
	model_load(m, 1, false);
	assert_int_equal(read_page(3), WALKED);
	assert_int_equal(read_page(4), WALKED);
	model_load(m, 2, false);
	assert_int_equal(read_page(3), WALKED);
	model_flush_page(m, 3 * PAGE_BYTES); /* of tag 2 */
	assert_int_equal(read_page(3), WALKED);
	model_load(m, 1, true);
	assert_int_equal(read_page(3), FIRST);
	model_flush_tag_page(m, 1, 3 * PAGE_BYTES);
	assert_int_equal(read_page(3), WALKED);
	assert_int_equal(read_page(4), FIRST);
	assert_int_equal(m->counts.page_flushes, 2);
}

static uint64_t refs_of(uint64_t va, unsigned int last)
{
	uint64_t before = m->counts.walk_refs;

	assert_int_equal(look(MODEL_READ, va, last, 0), WALKED);
	return m->counts.walk_refs - before;
}

/* Two page tables are remembered, one page directory, one table of those. */
static void test_walks(void **state)
{
	(void)state;
	assert_int_equal(refs_of(0, LEAF_4K), 4);
	assert_int_equal(refs_of(PAGE_BYTES, LEAF_4K), 1);     /* its page table is known */
	assert_int_equal(refs_of(BIG, LEAF_4K), 2);	       /* its page directory is */
	assert_int_equal(refs_of(2 * PAGE_BYTES, LEAF_4K), 1); /* two page tables fit */
	assert_int_equal(refs_of(2 * BIG, LEAF_4K), 2);	       /* drives out that of BIG */
	assert_int_equal(refs_of(BIG + PAGE_BYTES, LEAF_4K), 2);
	assert_int_equal(refs_of(HUGE, LEAF_2M), 2); /* the page directory and the leaf in it */
	assert_int_equal(refs_of(TOP, LEAF_1G), 2);
	assert_int_equal(refs_of(TOP + 2 * HUGE + BIG, LEAF_4K), 3);
}

/* INVLPG takes all of the tag's paging-structure caches; INVPCID of an address, that way's. */
static void test_flushes_of_tables(void **state)
{
	(void)state;
	model_load(m, 1, false);
	assert_int_equal(refs_of(0, LEAF_4K), 4);
	model_flush_tag_page(m, 1, BIG);
	assert_int_equal(refs_of(PAGE_BYTES, LEAF_4K), 1);
	model_flush_tag_page(m, 1, 5 * PAGE_BYTES);
	assert_int_equal(refs_of(2 * PAGE_BYTES, LEAF_4K), 4);
	model_flush_page(m, TOP);
	assert_int_equal(refs_of(3 * PAGE_BYTES, LEAF_4K), 4);
	model_load(m, 2, true);
	assert_int_equal(refs_of(4 * PAGE_BYTES, LEAF_4K), 4); /* tables have tags too */
}

/* The walk of a fault is counted, and its address remembered by nothing afterwards. */
static void test_fault(void **state)
{
	struct walk way = way_of(3 * PAGE_BYTES, LEAF_4K, 0);

	(void)state;
	assert_int_equal(read_page(2), WALKED);
	way.present = false;
	way.entry[LEAF_4K] = 0;
	model_fault(m, 0, &way);
	assert_int_equal(m->counts.faults, 1);
	assert_int_equal(m->counts.walk_refs, 4 + 1);
	assert_int_equal(m->counts.stlb_misses, 1);
	assert_int_equal(refs_of(3 * PAGE_BYTES, LEAF_4K), 4);
	assert_int_equal(read_page(2), FIRST);
}

/* Without the array everything misses there, and nothing else changes. */
static void test_no_array(void **state)
{
	(void)state;
	assert_true(model_set_shape("pde", "0/1"));
	assert_true(model_set_shape("stlb", "0/1"));
	assert_int_equal(refs_of(0, LEAF_4K), 4);
	assert_int_equal(refs_of(2 * PAGE_BYTES, LEAF_4K), 2);
	assert_int_equal(read_page(0), FIRST);
	assert_int_equal(refs_of(4 * PAGE_BYTES, LEAF_4K), 2);
	assert_int_equal(read_page(2), WALKED);
}

static void test_shapes(void **state)
{
	(void)state;
	assert_true(model_set_shape("stlb", "2048/16"));
	assert_false(model_set_shape("stlb", "2048"));
	assert_false(model_set_shape("stlb", "2048/0"));
	assert_false(model_set_shape("stlb", "10/4"));
	assert_false(model_set_shape("stlb", "12/4")); /* three sets */
	assert_false(model_set_shape("stlb", "8/4x"));
	assert_false(model_set_shape("dtlb", "8/4"));
	assert_int_equal(model_shapes[STLB].entries, 2048);
	assert_int_equal(model_shapes[STLB].ways, 16);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make, throw_away)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(test_conflict_and_recency),
		CASE(test_second_level_capacity),
		CASE(test_data_and_code_share_the_second),
		CASE(test_page_sizes),
		CASE(test_tags),
		CASE(test_global),
		CASE(test_flush_of_a_page),
		CASE(test_walks),
		CASE(test_flushes_of_tables),
		CASE(test_fault),
		CASE(test_no_array),
		CASE(test_shapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
