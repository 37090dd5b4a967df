/* SPDX-License-Identifier: MIT */
/*
 * tests/host/user_pt_test.c - the walker of user page tables, on the real page allocator:
 * what is found, made, set, split, visited, zapped and destroyed, with leaves of both
 * sizes, against a model; every account; and an allocation that fails, at each one.
 */
#include "tests/host/cmocka_host.h"

#include "lib/err.h"
#include "lib/rand.h"
#include "mm/flush.h"
#include "mm/page_alloc.h"
#include "mm/pgd.h"
#include "mm/user_pt.h"
#include "tests/host/fake/machine.h"

#define KERNEL_START MIB
#define USER_START   (64 * MIB)
#define FRAMES	     8192
#define FRAMES_LARGE 512u
#define TOP_ENTRY    (1ul << pt_shift(PT_LEVEL_TOP))
#define RIGHTS	     (PTE_PRESENT | PTE_USER | PTE_WRITE)

static struct mm mm;
static struct rand rnd;

/* --- what it stands on: what was flushed last, and how often ------------------------------ */

static struct {
	vaddr_t start, end;
	u64 stride, count;
	u64 user_frames; /* allocated at that moment: nothing is freed before the flush */
} flushed;

struct cpu_features cpu_features = { .nx = true };

/* mm/pgd.h without isolation, as the percpu kernel has it. */
void pgd_set_reference(pte_t *reference, u32 entry, pte_t table)
{
	reference[entry] = table;
}

void pgd_free_reference(pte_t *reference)
{
	free_page(virt_to_page(reference));
}

static u64 allocated(enum zone_id zone)
{
	struct page_alloc_stats stats;

	page_alloc_stats(zone, &stats);
	return stats.allocated;
}

void flush_range(struct mm *of, vaddr_t start, vaddr_t end, u64 stride)
{
	assert_ptr_equal(of, &mm);
	assert_true(start < end && IS_ALIGNED(start | end, PAGE_SIZE));
	flushed.start = start;
	flushed.end = end;
	flushed.stride = stride;
	flushed.user_frames = allocated(ZONE_USER);
	flushed.count++;
}

static void add_ram(enum zone_id zone, paddr_t from)
{
	machine_add_ram(from, from + FRAMES * PAGE_SIZE, true);
	assert_int_equal(page_alloc_add_range(zone, from, from + FRAMES * PAGE_SIZE), 0);
}

static void new_mm(void)
{
	struct page *reference = alloc_page(ZONE_KERNEL);

	memset(&mm, 0, sizeof(mm));
	mm.reference = memset(page_address(reference), 0, PAGE_SIZE);
	mm.table_pages = 1;
}

static int start(void **state)
{
	(void)state;
	machine_start();
	page_alloc_init(false);
	page_alloc_fail_after(0);
	add_ram(ZONE_KERNEL, KERNEL_START);
	add_ram(ZONE_USER, USER_START);
	rand_seed(&rnd, 1);
	memset(&flushed, 0, sizeof(flushed));
	new_mm();
	return 0;
}

static int stop(void **state)
{
	(void)state;
	page_alloc_fail_after(0);
	assert_int_equal(allocated(ZONE_KERNEL), 0);
	assert_int_equal(allocated(ZONE_USER), 0);
	page_alloc_check();
	machine_stop();
	return 0;
}

/* --- helpers ---------------------------------------------------------------------------- */

/* Frames for a leaf at @level, counted one by one. */
static struct page *frames_for(u32 level)
{
	struct page *first = alloc_pages(ZONE_USER, leaf_order(level));

	assert_non_null(first);
	page_split(first, leaf_order(level));
	return first;
}

static pte_t leaf_of(const struct page *first, u32 level)
{
	return page_to_phys(first) | RIGHTS | (level > PT_LEVEL_LEAF ? PTE_LARGE : 0);
}

/* Map a leaf at @level for @va; the entry is empty. */
static struct page *map(vaddr_t va, u32 level)
{
	u32 at = level;
	pte_t *entry = user_pt_make(&mm, va, &at);
	struct page *first = frames_for(level);

	assert_non_null(entry);
	assert_int_equal(at, level);
	assert_false(pte_present(*entry));
	user_pt_set(&mm, entry, level, leaf_of(first, level));
	return first;
}

static pte_t find(vaddr_t va, u32 *level)
{
	pte_t *entry = user_pt_find(&mm, va, level);

	return entry != NULL ? *entry : 0;
}

static bool is_mapped(vaddr_t va)
{
	u32 level;

	return pte_present(find(va, &level));
}

static void zap(vaddr_t from, vaddr_t to)
{
	struct gather g;

	gather_begin(&g, &mm);
	user_pt_zap(&mm, from, to, &g);
	gather_finish(&g);
}

/* Tables and frames are what the mm says. */
static void check_accounts(void)
{
	assert_int_equal(allocated(ZONE_KERNEL), mm.table_pages);
	assert_int_equal(allocated(ZONE_USER), mm.pages);
}

/* --- one thing at a time ------------------------------------------------------------------ */

static void test_make_and_find(void **state)
{
	vaddr_t va = 3 * TOP_ENTRY + 5 * GIB + 7 * LARGE_PAGE_SIZE + 9 * PAGE_SIZE;
	struct page *page;
	u32 level;

	(void)state;
	assert_null(user_pt_find(&mm, va, &level));
	page = map(va, PT_LEVEL_LEAF);
	assert_int_equal(find(va, &level), leaf_of(page, PT_LEVEL_LEAF));
	assert_int_equal(level, PT_LEVEL_LEAF);
	assert_false(is_mapped(va + PAGE_SIZE));
	assert_non_null(user_pt_find(&mm, va + PAGE_SIZE, &level));
	assert_null(user_pt_find(&mm, va + LARGE_PAGE_SIZE, &level));
	assert_int_equal(mm.table_pages, PT_LEVEL_TOP);
	assert_int_equal(mm.pages, 1);
	assert_true(entry_set_has(&mm.present, 3));
	assert_false(entry_set_has(&mm.present, 2) || entry_set_has(&mm.present, 4));
	check_accounts();
	/* To replace a leaf changes no account. */
	user_pt_set(&mm, user_pt_find(&mm, va, &level), level, leaf_of(page, level) & ~PTE_WRITE);
	assert_int_equal(mm.pages, 1);
	user_pt_destroy(&mm);
}

static void test_large_leaf(void **state)
{
	vaddr_t va = TOP_ENTRY + LARGE_PAGE_SIZE;
	struct page *first = map(va, PT_LEVEL_2M);
	u32 level;

	(void)state;
	assert_int_equal(mm.pages, FRAMES_LARGE);
	assert_int_equal(mm.table_pages, PT_LEVEL_TOP - 1);
	check_accounts();
	assert_int_equal(find(va + 77 * PAGE_SIZE, &level), leaf_of(first, PT_LEVEL_2M));
	assert_int_equal(level, PT_LEVEL_2M);
	/* It is found where a small leaf may be made; a table where a large one may. */
	level = PT_LEVEL_LEAF;
	assert_ptr_equal(user_pt_make(&mm, va + PAGE_SIZE, &level), user_pt_find(&mm, va, &level));
	assert_int_equal(level, PT_LEVEL_2M);
	map(va + LARGE_PAGE_SIZE, PT_LEVEL_LEAF);
	level = PT_LEVEL_2M;
	assert_non_null(user_pt_make(&mm, va + LARGE_PAGE_SIZE + PAGE_SIZE, &level));
	assert_int_equal(level, PT_LEVEL_LEAF);
	check_accounts();
	user_pt_destroy(&mm);
}

static void test_split(void **state)
{
	vaddr_t va = TOP_ENTRY;
	struct page *first = map(va, PT_LEVEL_2M);
	u32 level;

	(void)state;
	*user_pt_find(&mm, va, &level) |= PTE_DIRTY | PTE_ACCESSED;
	assert_int_equal(user_pt_split_ends(&mm, va, va + LARGE_PAGE_SIZE), 0);
	assert_int_equal(flushed.count, 0); /* no leaf crosses the ends */
	assert_int_equal(user_pt_split(&mm, va + 5 * PAGE_SIZE), 0);
	assert_int_equal(flushed.count, 1);
	assert_int_equal(flushed.start, va);
	assert_int_equal(flushed.end, va + LARGE_PAGE_SIZE);
	assert_int_equal(flushed.stride, LARGE_PAGE_SIZE);
	for (u64 i = 0; i < FRAMES_LARGE; i++) {
		assert_int_equal(find(va + i * PAGE_SIZE, &level),
				 leaf_of(first + i, PT_LEVEL_LEAF) | PTE_DIRTY | PTE_ACCESSED);
		assert_int_equal(level, PT_LEVEL_LEAF);
		assert_int_equal(first[i].refcount, 1);
	}
	assert_int_equal(mm.table_pages, PT_LEVEL_TOP);
	check_accounts();
	assert_int_equal(user_pt_split(&mm, va + 5 * PAGE_SIZE), 0); /* done already */
	assert_int_equal(flushed.count, 1);
	user_pt_destroy(&mm);
}

/* What is zapped goes after the flush; tables go with their last entry, the top one's not. */
static void test_zap(void **state)
{
	(void)state;
	map(TOP_ENTRY, PT_LEVEL_2M);
	map(TOP_ENTRY + LARGE_PAGE_SIZE, PT_LEVEL_LEAF);
	map(TOP_ENTRY + LARGE_PAGE_SIZE + PAGE_SIZE, PT_LEVEL_LEAF);
	zap(TOP_ENTRY + LARGE_PAGE_SIZE, TOP_ENTRY + LARGE_PAGE_SIZE + PAGE_SIZE);
	assert_int_equal(flushed.stride, PAGE_SIZE);
	assert_int_equal(flushed.user_frames, FRAMES_LARGE + 2);
	assert_int_equal(mm.pages, FRAMES_LARGE + 1);
	check_accounts();
	zap(TOP_ENTRY + LARGE_PAGE_SIZE, TOP_ENTRY + 2 * LARGE_PAGE_SIZE);
	assert_int_equal(flushed.stride, FLUSH_WHOLE); /* its table went */
	assert_int_equal(mm.table_pages, PT_LEVEL_TOP - 1);
	check_accounts();
	zap(0, 5 * TOP_ENTRY);
	assert_int_equal(flushed.stride, FLUSH_WHOLE);
	assert_int_equal(flushed.user_frames, FRAMES_LARGE);
	assert_int_equal(mm.pages, 0);
	assert_int_equal(mm.table_pages, 2);
	assert_true(entry_set_has(&mm.present, 1));
	check_accounts();
	flushed.count = 0;
	zap(0, 5 * TOP_ENTRY);
	assert_int_equal(flushed.count, 0);
	user_pt_destroy(&mm);
}

/* A large leaf alone is flushed by its own size; frames that somebody else holds stay. */
static void test_zap_of_large(void **state)
{
	struct page *first = map(TOP_ENTRY, PT_LEVEL_2M);

	(void)state;
	map(TOP_ENTRY + LARGE_PAGE_SIZE, PT_LEVEL_2M);
	get_page(first + 3);
	zap(TOP_ENTRY, TOP_ENTRY + LARGE_PAGE_SIZE);
	assert_int_equal(flushed.stride, LARGE_PAGE_SIZE);
	assert_int_equal(allocated(ZONE_USER), mm.pages + 1);
	put_page(first + 3);
	check_accounts();
	user_pt_destroy(&mm);
}

/* More pages than a gather holds: each batch is flushed before it is freed. */
static void test_zap_in_batches(void **state)
{
	u64 pages = 3 * GATHER_MAX + 5;

	(void)state;
	for (u64 i = 0; i < pages; i++)
		map(TOP_ENTRY + i * PAGE_SIZE, PT_LEVEL_LEAF);
	map(TOP_ENTRY + LARGE_PAGE_SIZE, PT_LEVEL_LEAF);
	zap(TOP_ENTRY, TOP_ENTRY + pages * PAGE_SIZE);
	assert_int_equal(flushed.count, 4);
	assert_int_equal(mm.pages, 1);
	check_accounts();
	user_pt_destroy(&mm);
}

static void test_foreign(void **state)
{
	u32 level = PT_LEVEL_2M;
	pte_t *entry = user_pt_make(&mm, TOP_ENTRY, &level);

	(void)state;
	user_pt_set(&mm, entry, level, 4 * GIB | RIGHTS | PTE_LARGE | PTE_FOREIGN);
	assert_int_equal(user_pt_split(&mm, TOP_ENTRY), 0);
	assert_int_equal(find(TOP_ENTRY + 2 * PAGE_SIZE, &level),
			 (4 * GIB + 2 * PAGE_SIZE) | RIGHTS | PTE_FOREIGN);
	assert_null(user_pt_page(find(TOP_ENTRY, &level)));
	zap(TOP_ENTRY, TOP_ENTRY + PAGE_SIZE);
	assert_int_equal(mm.pages, FRAMES_LARGE - 1);
	user_pt_destroy(&mm);
}

/* --- visiting ------------------------------------------------------------------------------ */

struct visit {
	u64 n, stop_after;
	vaddr_t last;
	u64 bytes;
};

static int on_leaf(void *arg, vaddr_t va, pte_t *entry, u32 level)
{
	struct visit *v = arg;

	assert_true(v->n == 0 || va > v->last);
	assert_true(pte_present(*entry) && IS_ALIGNED(va, leaf_size(level)));
	v->last = va;
	v->bytes += leaf_size(level);
	return ++v->n == v->stop_after ? -EAGAIN : 0;
}

static void test_visit(void **state)
{
	struct visit v = { 0 };

	(void)state;
	map(PAGE_SIZE, PT_LEVEL_LEAF);
	map(TOP_ENTRY, PT_LEVEL_2M);
	map(TOP_ENTRY + 2 * LARGE_PAGE_SIZE, PT_LEVEL_LEAF);
	map(255 * TOP_ENTRY, PT_LEVEL_LEAF);
	assert_int_equal(user_pt_visit(&mm, 0, 256 * TOP_ENTRY, on_leaf, &v), 0);
	assert_int_equal(v.n, 4);
	assert_int_equal(v.bytes, LARGE_PAGE_SIZE + 3 * PAGE_SIZE);
	v = (struct visit){ .stop_after = 2 };
	assert_int_equal(user_pt_visit(&mm, 0, 256 * TOP_ENTRY, on_leaf, &v), -EAGAIN);
	assert_int_equal(v.last, TOP_ENTRY);
	v = (struct visit){ 0 };
	assert_int_equal(
		user_pt_visit(&mm, TOP_ENTRY + LARGE_PAGE_SIZE, 200 * TOP_ENTRY, on_leaf, &v), 0);
	assert_int_equal(v.n, 1);
	user_pt_destroy(&mm);
}

/* --- memory runs out ---------------------------------------------------------------------------
 */

/* A table fails at each level: what was made before stays, and is used the next time. */
static void test_no_memory_for_tables(void **state)
{
	u32 level;

	(void)state;
	for (u64 k = 1; k < PT_LEVEL_TOP; k++) {
		page_alloc_fail_after(k);
		level = PT_LEVEL_LEAF;
		assert_null(user_pt_make(&mm, TOP_ENTRY, &level));
		assert_int_equal(page_alloc_fail_after(0), 0);
		assert_int_equal(mm.table_pages, k);
		check_accounts();
		zap(0, 2 * TOP_ENTRY); /* empty tables go, but the top one's */
		assert_int_equal(mm.table_pages, MIN(k, 2ul));
		check_accounts();
		user_pt_destroy(&mm);
		new_mm();
	}
	page_alloc_fail_after(PT_LEVEL_TOP);
	level = PT_LEVEL_LEAF;
	assert_non_null(user_pt_make(&mm, TOP_ENTRY, &level));
	assert_int_equal(page_alloc_fail_after(0), 1);
	user_pt_destroy(&mm);
}

/* Both ends of a range want a table: at each failure all is mapped as before. */
static void test_no_memory_for_split(void **state)
{
	vaddr_t from = TOP_ENTRY + PAGE_SIZE, to = from + LARGE_PAGE_SIZE;

	(void)state;
	for (u64 k = 1; k <= 2; k++) {
		map(TOP_ENTRY, PT_LEVEL_2M);
		map(TOP_ENTRY + LARGE_PAGE_SIZE, PT_LEVEL_2M);
		page_alloc_fail_after(k);
		assert_int_equal(user_pt_split_ends(&mm, from, to), -ENOMEM);
		assert_int_equal(page_alloc_fail_after(0), 0);
		assert_int_equal(mm.pages, 2 * FRAMES_LARGE);
		assert_int_equal(mm.table_pages, PT_LEVEL_TOP - 1 + (k - 1));
		for (u64 i = 0; i < 2 * FRAMES_LARGE; i++)
			assert_true(is_mapped(TOP_ENTRY + i * PAGE_SIZE));
		check_accounts();
		zap(TOP_ENTRY, TOP_ENTRY + 2 * LARGE_PAGE_SIZE);
	}
	user_pt_destroy(&mm);
}

/* --- against a model ----------------------------------------------------------------------------
 */

#define BLOCKS 6u /* of 2 MiB, from MODEL_BASE on */
#define STEPS  20000

static vaddr_t model_base;
static bool model[BLOCKS * FRAMES_LARGE];
static bool model_large[BLOCKS];

static vaddr_t va_of(u64 page)
{
	return model_base + page * PAGE_SIZE;
}

static bool block_is_empty(u64 block)
{
	for (u64 i = 0; i < FRAMES_LARGE; i++)
		if (model[block * FRAMES_LARGE + i])
			return false;
	return true;
}

/* The tables agree, in one page of each block. */
static void compare(void)
{
	u64 pages = 0;

	for (u64 page = 0; page < BLOCKS * FRAMES_LARGE; page++)
		pages += model[page];
	assert_int_equal(mm.pages, pages);
	check_accounts();
	for (u64 block = 0; block < BLOCKS; block++) {
		u64 page = block * FRAMES_LARGE + rand_below(&rnd, FRAMES_LARGE);
		u32 level;

		assert_int_equal(pte_present(find(va_of(page), &level)), model[page]);
		if (model[page])
			assert_int_equal(level == PT_LEVEL_2M, model_large[block]);
	}
}

static void do_map_large(void)
{
	u64 block = rand_below(&rnd, BLOCKS);

	if (!block_is_empty(block))
		return;
	map(va_of(block * FRAMES_LARGE), PT_LEVEL_2M);
	memset(&model[block * FRAMES_LARGE], true, FRAMES_LARGE);
	model_large[block] = true;
}

static void do_map_small(void)
{
	u64 page = rand_below(&rnd, BLOCKS * FRAMES_LARGE);

	if (model[page])
		return;
	map(va_of(page), PT_LEVEL_LEAF);
	model[page] = true;
	model_large[page / FRAMES_LARGE] = false;
}

/* The model's idea of a split: the block's leaves are small now. */
static void model_split(u64 page)
{
	if (page % FRAMES_LARGE != 0)
		model_large[page / FRAMES_LARGE] = false;
}

static void do_zap(void)
{
	u64 from = rand_below(&rnd, BLOCKS * FRAMES_LARGE);
	u64 to = from + 1 + rand_below(&rnd, rand_below(&rnd, 4) == 0 ? 3 * FRAMES_LARGE : 20);

	to = MIN(to, (u64)BLOCKS * FRAMES_LARGE);
	if (rand_below(&rnd, 4) == 0) {
		from = ALIGN_DOWN(from, (u64)FRAMES_LARGE);
		to = ALIGN_UP(to, (u64)FRAMES_LARGE);
	}
	assert_int_equal(user_pt_split_ends(&mm, va_of(from), va_of(to)), 0);
	model_split(from);
	model_split(to);
	zap(va_of(from), va_of(to));
	memset(&model[from], false, to - from);
}

static void test_storm(void **state)
{
	(void)state;
	model_base = 2 * TOP_ENTRY - 3 * LARGE_PAGE_SIZE; /* across two top-level entries */
	memset(model, false, sizeof(model));
	for (u64 i = 0; i < STEPS; i++) {
		u64 what = rand_below(&rnd, 10);

		if (what < 2)
			do_map_large();
		else if (what < 8)
			do_map_small();
		else
			do_zap();
		compare();
	}
	user_pt_destroy(&mm);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_make_and_find),
		TEST(test_large_leaf),
		TEST(test_split),
		TEST(test_zap),
		TEST(test_zap_of_large),
		TEST(test_zap_in_batches),
		TEST(test_foreign),
		TEST(test_visit),
		TEST(test_no_memory_for_tables),
		TEST(test_no_memory_for_split),
		TEST(test_storm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
