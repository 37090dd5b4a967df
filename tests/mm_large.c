/* SPDX-License-Identifier: MIT */
/*
 * tests/mm_large.c - pages of 2 MiB: when there are some, what splits them, what they
 * share, and that all 512 frames come back whatever became of them.
 */
#include "kernel/sched.h"
#include "lib/err.h"
#include "mm/page_alloc.h"
#include "tests/cpus.h"
#include "tests/harness.h"
#include "tests/threads.h"
#include "tests/user_memory.h"

#define BASE	     (4 * LARGE_PAGE_SIZE)
#define LARGE_TABLES (PT_LEVEL_TOP - 1) /* the reference, and down to the one with 2 MiB leaves */
#define LARGE	     (RW | REGION_LARGE)
#define FRAMES	     (LARGE_PAGE_SIZE / PAGE_SIZE)
#define BLOCK_ORDER  9u

#define BLOCKS_MAX 3u

/* Has the machine @n blocks of 2 MiB for users?  Else tests of large pages mean nothing. */
static bool has_blocks(struct test *t, u32 n)
{
	struct page *blocks[BLOCKS_MAX];
	u32 got = 0;

	while (got < n && (blocks[got] = alloc_pages(ZONE_USER, BLOCK_ORDER)) != NULL)
		got++;
	for (u32 i = 0; i < got; i++)
		free_pages(blocks[i], BLOCK_ORDER);
	if (got < n)
		test_skip(t, "%u free blocks of 2 MiB, %u wanted", got, n);
	return got == n;
}

/* An mm with @n large pages from BASE on, the first word of each 4 KiB its number + 1; in use. */
static struct mm *make_large(struct test *t, u64 n)
{
	struct mm *mm = mm_create();

	EXPECT(t, mm != NULL, "out of memory");
	EXPECT_EQ(t, map_anon(mm, BASE, n * LARGE_PAGE_SIZE, LARGE), 0);
	use(mm);
	for (u64 i = 0; i < n * FRAMES; i++)
		EXPECT(t, put(BASE + i * PAGE_SIZE, i + 1), "page %lu", i);
	return mm;
}

/* Pages [from, to) hold what make_large() wrote. */
static void expect_pages(struct test *t, u64 from, u64 to)
{
	for (u64 i = from; i < to; i++)
		EXPECT_EQ(t, get(BASE + i * PAGE_SIZE), i + 1);
}

static u64 allocated_to_users(void)
{
	struct page_alloc_stats s;

	page_alloc_stats(ZONE_USER, &s);
	return s.allocated;
}

#define FEW_PAGES 16

/* A table comes from the users' zone when the kernel's is used up: all may lie on CPUs' stacks. */
static bool kernel_has_pages(void)
{
	struct page_alloc_stats s;

	page_alloc_stats(ZONE_KERNEL, &s);
	return s.free >= FEW_PAGES;
}

static void end(struct mm *mm)
{
	use(NULL);
	mm_put(mm);
}

TEST("mm.large", one_fault_maps_2_mib)
{
	struct mm *mm = mm_create();
	u64 faults;

	if (!has_blocks(t, 1)) {
		mm_put(mm);
		return;
	}
	/* A page too long at each end: those are small. */
	EXPECT_EQ(t, map_anon(mm, BASE - PAGE_SIZE, LARGE_PAGE_SIZE + 2 * PAGE_SIZE, LARGE), 0);
	use(mm);
	faults = event_total(PAGE_FAULTS);
	for (u64 i = 0; i < FRAMES; i++)
		EXPECT_EQ(t, get(BASE + i * PAGE_SIZE), 0);
	EXPECT_EQ(t, event_total(PAGE_FAULTS), faults + 1);
	EXPECT_EQ(t, mm->pages, FRAMES);
	EXPECT_EQ(t, mm->table_pages, LARGE_TABLES); /* no table of 4 KiB leaves */
	EXPECT(t, put(BASE - 8, 7) && put(BASE + LARGE_PAGE_SIZE, 8), "the ends");
	EXPECT_EQ(t, event_total(PAGE_FAULTS), faults + 3);
	EXPECT_EQ(t, mm->pages, FRAMES + 2);
	EXPECT_EQ(t, mm->table_pages, LARGE_TABLES + 2);
	EXPECT_EQ(t, get(BASE - 8), 7);
	end(mm);
}

/* What was mapped small stays so: a table is never replaced. */
TEST("mm.large", small_without_a_block)
{
	struct mm *mm = mm_create();

	if (!CONFIG_DEBUG) {
		test_skip(t, "release build");
		mm_put(mm);
		return;
	}
	EXPECT_EQ(t, map_anon(mm, BASE, LARGE_PAGE_SIZE, LARGE), 0);
	use(mm);
	page_alloc_fail_after(3); /* two tables, the block */
	EXPECT(t, put(BASE, 1), "fell back");
	EXPECT_EQ(t, page_alloc_fail_after(0), 0);
	EXPECT_EQ(t, mm->pages, 1);
	EXPECT(t, put(BASE + PAGE_SIZE, 2), "its neighbour");
	EXPECT_EQ(t, mm->pages, 2);
	end(mm);
}

TEST("mm.large", unmap_of_a_part_splits)
{
	struct mm *mm;
	u64 before, after;
	bool exact;

	if (!has_blocks(t, 2))
		return;
	mm = make_large(t, 2);
	EXPECT_EQ(t, mm->table_pages, LARGE_TABLES);
	exact = kernel_has_pages();
	before = allocated_to_users();
	EXPECT_EQ(t, mm_unmap(mm, BASE + 10 * PAGE_SIZE, BASE + 12 * PAGE_SIZE), 0);
	EXPECT_EQ(t, mm->pages, 2 * FRAMES - 2);
	EXPECT_EQ(t, mm->table_pages, LARGE_TABLES + 1);
	/* Two pages less, and the table if the kernel's zone had none for it. */
	after = allocated_to_users();
	EXPECT(t, after == before - 2 || (!exact && after == before - 1),
	       "%lu pages before, %lu after", before, after);
	expect_pages(t, 0, 10);
	EXPECT_EQ(t, get(BASE + 10 * PAGE_SIZE), NO_VALUE);
	EXPECT_EQ(t, get(BASE + 11 * PAGE_SIZE), NO_VALUE);
	expect_pages(t, 12, 2 * FRAMES);
	/* A whole one goes without a split; so does what is left of the other. */
	EXPECT_EQ(t, mm_unmap(mm, BASE + LARGE_PAGE_SIZE, BASE + 2 * LARGE_PAGE_SIZE), 0);
	EXPECT_EQ(t, mm->table_pages, LARGE_TABLES + 1);
	EXPECT_EQ(t, mm_unmap(mm, BASE, BASE + LARGE_PAGE_SIZE), 0);
	EXPECT_EQ(t, mm->pages, 0);
	end(mm);
}

/* Both ends of a range inside large pages. */
TEST("mm.large", unmap_across_splits_both_ends)
{
	struct mm *mm;

	if (!has_blocks(t, 3))
		return;
	mm = make_large(t, 3);
	EXPECT_EQ(t, mm_unmap(mm, BASE + LARGE_PAGE_SIZE / 2, BASE + 5 * LARGE_PAGE_SIZE / 2), 0);
	EXPECT_EQ(t, mm->pages, FRAMES);
	EXPECT_EQ(t, mm->table_pages, LARGE_TABLES + 2);
	expect_pages(t, 0, FRAMES / 2);
	EXPECT_EQ(t, get(BASE + LARGE_PAGE_SIZE), NO_VALUE);
	expect_pages(t, 5 * FRAMES / 2, 3 * FRAMES);
	end(mm);
}

TEST("mm.large", protect_of_a_part_splits)
{
	struct mm *mm;

	if (!has_blocks(t, 1))
		return;
	mm = make_large(t, 1);
	EXPECT_EQ(t, mm_protect(mm, BASE, BASE + LARGE_PAGE_SIZE, REGION_READ), 0);
	EXPECT_EQ(t, mm->table_pages, LARGE_TABLES); /* whole: no split */
	EXPECT(t, !put(BASE + PAGE_SIZE, 0), "written though read-only");
	EXPECT_EQ(t, mm_protect(mm, BASE, BASE + PAGE_SIZE, RW), 0);
	EXPECT_EQ(t, mm->table_pages, LARGE_TABLES + 1);
	EXPECT(t, put(BASE, 1), "the page");
	EXPECT(t, !put(BASE + PAGE_SIZE, 0), "its neighbour");
	expect_pages(t, 0, FRAMES);
	EXPECT_EQ(t, mm->pages, FRAMES);
	end(mm);
}

/* No memory for the table: nothing is changed. */
TEST("mm.large", failed_split_changes_nothing)
{
	struct mm *mm;

	if (!CONFIG_DEBUG) {
		test_skip(t, "release build");
		return;
	}
	if (!has_blocks(t, 2))
		return;
	mm = make_large(t, 2);
	for (u64 k = 1; k <= 2; k++) {
		page_alloc_fail_after(k);
		EXPECT_EQ(t, mm_unmap(mm, BASE + PAGE_SIZE, BASE + 3 * LARGE_PAGE_SIZE / 2),
			  -ENOMEM);
		EXPECT_EQ(t, page_alloc_fail_after(0), 0);
		EXPECT_EQ(t, mm->pages, 2 * FRAMES);
		expect_pages(t, 0, 2 * FRAMES);
		EXPECT(t, put(BASE, 1), "still writable");
	}
	end(mm);
}

TEST("mm.large", fork_shares_them)
{
	struct mm *parent, *child;
	u64 copies, before = 0;

	if (!has_blocks(t, 1))
		return;
	for (u32 round = 0; round < 2; round++) {
		parent = make_large(t, 1);
		child = mm_fork(parent);
		EXPECT(t, child != NULL, "out of memory");
		EXPECT_EQ(t, child->pages, FRAMES);
		EXPECT_EQ(t, child->table_pages, LARGE_TABLES);
		copies = event_total(COW_COPIES);
		EXPECT(t, put(BASE + 3 * PAGE_SIZE, 100), "the parent splits and copies a page");
		EXPECT_EQ(t, event_total(COW_COPIES), copies + 1);
		EXPECT_EQ(t, parent->table_pages, LARGE_TABLES + 1);
		EXPECT_EQ(t, child->table_pages, LARGE_TABLES);
		use(child);
		expect_pages(t, 0, FRAMES);
		EXPECT(t, put(BASE + 3 * PAGE_SIZE, 200), "the child has that one alone");
		EXPECT_EQ(t, event_total(COW_COPIES), copies + 1);
		EXPECT(t, put(BASE + 4 * PAGE_SIZE, 201), "and shares this one");
		EXPECT_EQ(t, event_total(COW_COPIES), copies + 2);
		use(parent);
		EXPECT_EQ(t, get(BASE + 3 * PAGE_SIZE), 100);
		expect_pages(t, 4, FRAMES);
		use(child);
		mm_put(parent);
		EXPECT_EQ(t, get(BASE + 3 * PAGE_SIZE), 200);
		EXPECT_EQ(t, get(BASE + 4 * PAGE_SIZE), 201);
		expect_pages(t, 5, FRAMES);
		end(child);
		if (round == 0)
			before = free_pages_now();
	}
	EXPECT_EQ(t, free_pages_now(), before);
}

/* The last one that has a large page gets it back whole: no copy, no split. */
TEST("mm.large", survivor_of_a_fork_keeps_its_page)
{
	struct mm *parent, *child;
	u64 copies;

	if (!has_blocks(t, 1))
		return;
	parent = make_large(t, 1);
	child = mm_fork(parent);
	EXPECT(t, child != NULL, "out of memory");
	mm_put(child);
	copies = event_total(COW_COPIES);
	EXPECT(t, put(BASE, 1), "writes");
	EXPECT_EQ(t, event_total(COW_COPIES), copies);
	EXPECT_EQ(t, parent->table_pages, LARGE_TABLES);
	end(parent);
}

/* A block whose frames all end together is a block again, even after a split. */
TEST("mm.large", blocks_come_back_whole)
{
	struct page_alloc_stats before, after;
	u64 pages = 0;
	struct mm *mm;

	if (!has_blocks(t, 2))
		return;
	for (u32 round = 0; round < 2; round++) {
		mm = make_large(t, 2);
		end(mm);
		if (round == 0)
			pages = free_pages_now();
	}
	EXPECT_EQ(t, free_pages_now(), pages);
	page_alloc_stats(ZONE_USER, &before);
	mm = make_large(t, 2);
	end(mm);
	page_alloc_stats(ZONE_USER, &after);
	for (unsigned order = 9; order <= MAX_ORDER; order++)
		EXPECT_EQ(t, after.by_order[order], before.by_order[order]);
	page_alloc_check();
}

/* Physical memory: large where both addresses are aligned alike. */
TEST("mm.large", physical_memory)
{
	unsigned order = page_order_for(LARGE_PAGE_SIZE);
	struct page *block = alloc_pages(ZONE_USER, order);
	struct map_request q = {
		.start = BASE, .size = LARGE_PAGE_SIZE, .flags = LARGE, .kind = REGION_PHYS
	};
	struct mm *mm;

	if (block == NULL) {
		test_skip(t, "no free block of 2 MiB");
		return;
	}
	mm = mm_create();
	q.phys = page_to_phys(block);
	EXPECT_EQ(t, mm_map(mm, &q), 0);
	q.start = BASE + 2 * LARGE_PAGE_SIZE + PAGE_SIZE;
	EXPECT_EQ(t, mm_map(mm, &q), 0);
	use(mm);
	EXPECT(t, put(BASE + 5 * PAGE_SIZE, 55), "aligned");
	EXPECT_EQ(t, mm->pages, FRAMES);
	EXPECT_EQ(t, get(q.start + 5 * PAGE_SIZE), 55);
	EXPECT_EQ(t, mm->pages, FRAMES + 1);
	EXPECT_EQ(t, mm_unmap(mm, BASE, BASE + PAGE_SIZE), 0);
	EXPECT_EQ(t, get(BASE + 5 * PAGE_SIZE), 55);
	EXPECT_EQ(t, mm->pages, FRAMES);
	end(mm);
	EXPECT_EQ(t, block->refcount, 1);
	free_pages(block, order);
}

/* To change or split a large page costs this CPU one INVLPG. */
TEST("mm.large", one_invlpg_flushes_it)
{
	u64 invlpgs, whole;
	struct mm *mm;

	if (!has_blocks(t, 2))
		return;
	mm = make_large(t, 2);
	invlpgs = event_total(INVLPGS);
	whole = event_total(WHOLE_FLUSHES);
	EXPECT_EQ(t, mm_protect(mm, BASE, BASE + 2 * LARGE_PAGE_SIZE, REGION_READ), 0);
	EXPECT_EQ(t, event_total(INVLPGS), invlpgs + 2);
	EXPECT_EQ(t, mm_protect(mm, BASE, BASE + 2 * LARGE_PAGE_SIZE, RW), 0); /* by faults */
	EXPECT(t, put(BASE, 1) && put(BASE + LARGE_PAGE_SIZE, FRAMES + 1), "writable");
	EXPECT_EQ(t, mm_protect(mm, BASE, BASE + PAGE_SIZE, REGION_READ), 0);
	EXPECT_EQ(t, event_total(INVLPGS), invlpgs + 4); /* the split, the page */
	EXPECT_EQ(t, event_total(WHOLE_FLUSHES), whole);
	/* Leaves of both sizes: page by page it would be more than are worth it. */
	EXPECT_EQ(t, mm_protect(mm, BASE, BASE + 2 * LARGE_PAGE_SIZE, REGION_READ), 0);
	EXPECT_EQ(t, event_total(INVLPGS), invlpgs + 4);
	EXPECT_EQ(t, event_total(WHOLE_FLUSHES), whole + 1);
	expect_pages(t, 0, 2 * FRAMES);
	end(mm);
}

/* --- other CPUs ------------------------------------------------------------------------- */

struct reader {
	struct test *t;
	struct mm *mm;
	u32 stop, reads; /* atomic */
};

/* Reads the last page of the first large one, which is never unmapped, again and again. */
static int read_on(void *arg)
{
	struct reader *r = arg;

	use(r->mm);
	while (!__atomic_load_n(&r->stop, __ATOMIC_ACQUIRE)) {
		EXPECT_EQ(r->t, get(BASE + (FRAMES - 1) * PAGE_SIZE), FRAMES);
		__atomic_fetch_add(&r->reads, 1, __ATOMIC_RELEASE);
		cpu_pause();
	}
	use(NULL);
	return 0;
}

/* D8: split again and again while another CPU uses a part of it that does not change. */
TEST("mm.large", split_under_a_reader, .cpus = 2)
{
	struct reader r = { .t = t };
	struct thread *thread;

	if (!has_blocks(t, 1))
		return;
	for (u32 round = 0; round < 20; round++) {
		r.mm = make_large(t, 1);
		r.stop = r.reads = 0;
		thread = start_thread(t, other_than(cpu_id), "reader", read_on, &r);
		while (thread != NULL && __atomic_load_n(&r.reads, __ATOMIC_ACQUIRE) == 0)
			yield();
		EXPECT_EQ(t, mm_unmap(r.mm, BASE, BASE + (round + 1) * PAGE_SIZE), 0);
		expect_pages(t, round + 1, FRAMES);
		__atomic_store_n(&r.stop, 1, __ATOMIC_RELEASE);
		if (thread != NULL)
			thread_join(thread);
		end(r.mm);
	}
}
