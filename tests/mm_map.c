/* SPDX-License-Identifier: MIT */
/*
 * tests/mm_map.c - addresses that the kernel chooses, and top-level entries that belong
 * to one region.
 */
#include "arch/x86_64/irq.h"
#include "lib/err.h"
#include "mm/object.h"
#include "mm/pgd.h"
#include "mm/switch.h"
#include "tests/cpus.h"
#include "tests/harness.h"
#include "tests/loaded.h"
#include "tests/user_memory.h"

/* Map @size bytes anywhere from @from on; where, or 0. */
static vaddr_t place(struct mm *mm, vaddr_t from, u64 size, u32 flags)
{
	struct map_request q = { .start = from, .size = size, .flags = flags };

	return mm_map_anywhere(mm, &q) == 0 ? q.start : 0;
}

TEST("mm.map", the_lowest_gap)
{
	struct mm *mm = mm_create();

	EXPECT_EQ(t, place(mm, 0, 4 * PAGE_SIZE, RW), MAP_LOWEST);
	EXPECT_EQ(t, place(mm, 0, PAGE_SIZE, RW), MAP_LOWEST + 4 * PAGE_SIZE);
	EXPECT_EQ(t, mm_unmap(mm, MAP_LOWEST + PAGE_SIZE, MAP_LOWEST + 3 * PAGE_SIZE), 0);
	EXPECT_EQ(t, place(mm, 0, 3 * PAGE_SIZE, RW), MAP_LOWEST + 5 * PAGE_SIZE);
	EXPECT_EQ(t, place(mm, 0, 2 * PAGE_SIZE, RW), MAP_LOWEST + PAGE_SIZE);
	EXPECT_EQ(t, place(mm, GIB, PAGE_SIZE, RW), GIB);
	EXPECT_EQ(t, place(mm, GIB, PAGE_SIZE, RW), GIB + PAGE_SIZE);
	EXPECT_EQ(t, place(mm, GIB, LARGE_PAGE_SIZE, RW | REGION_LARGE), GIB + LARGE_PAGE_SIZE);
	EXPECT_EQ(t, place(mm, 0, 0, RW), 0);
	EXPECT_EQ(t, place(mm, 0, PAGE_SIZE + 1, RW), 0);
	EXPECT_EQ(t, place(mm, 0, USER_ENTRIES * TOP_ENTRY, RW), 0);
	EXPECT_EQ(t, place(mm, 0, ~0ul & PAGE_MASK, RW | REGION_OWN_TOP_ENTRY), 0);
	mm_put(mm);
}

#define OWN (RW | REGION_OWN_TOP_ENTRY)

TEST("mm.map", own_entries_are_not_shared)
{
	struct mm *mm = mm_create();
	vaddr_t first, second;

	EXPECT_EQ(t, place(mm, TOP_ENTRY + GIB, PAGE_SIZE, RW), TOP_ENTRY + GIB);
	first = place(mm, 0, PAGE_SIZE, OWN);
	EXPECT_EQ(t, first, 2 * TOP_ENTRY);
	second = place(mm, 0, TOP_ENTRY + PAGE_SIZE, OWN);
	EXPECT_EQ(t, second, 3 * TOP_ENTRY); /* and 4 */
	EXPECT_EQ(t, place(mm, 0, PAGE_SIZE, OWN), 5 * TOP_ENTRY);
	/* Others are placed around them, also one that would reach into one. */
	EXPECT_EQ(t, place(mm, first, PAGE_SIZE, RW), 6 * TOP_ENTRY);
	EXPECT_EQ(t, place(mm, 2 * TOP_ENTRY - PAGE_SIZE, PAGE_SIZE, RW),
		  2 * TOP_ENTRY - PAGE_SIZE);
	EXPECT_EQ(t, place(mm, 5 * TOP_ENTRY + GIB, TOP_ENTRY, RW), 6 * TOP_ENTRY + PAGE_SIZE);
	/* Who names an address there is refused, unless it says that it belongs there. */
	EXPECT_EQ(t, map_anon(mm, first + GIB, PAGE_SIZE, RW), -EEXIST);
	EXPECT_EQ(t, map_anon(mm, second + TOP_ENTRY + GIB, PAGE_SIZE, RW), -EEXIST);
	EXPECT_EQ(t, map_anon(mm, first + GIB, PAGE_SIZE, OWN), 0);
	EXPECT_EQ(t, map_anon(mm, TOP_ENTRY + PAGE_SIZE, PAGE_SIZE, OWN), -EEXIST);
	/* What is left of one keeps the entry; without any, it is anybody's. */
	EXPECT_EQ(t, mm_unmap(mm, first, first + PAGE_SIZE), 0);
	EXPECT_EQ(t, map_anon(mm, first, PAGE_SIZE, RW), -EEXIST);
	EXPECT_EQ(t, mm_unmap(mm, first, first + TOP_ENTRY), 0);
	EXPECT_EQ(t, map_anon(mm, first, PAGE_SIZE, RW), 0);
	mm_put(mm);
}

/* All entries but 0, which address 0 spoils, can be somebody's own; then there is no more. */
TEST("mm.map", own_entries_run_out)
{
	struct mm *mm = mm_create(), *child;

	for (u64 e = 1; e < USER_ENTRIES; e++)
		EXPECT_EQ(t, place(mm, 0, PAGE_SIZE, OWN), e * TOP_ENTRY);
	EXPECT_EQ(t, place(mm, 0, PAGE_SIZE, OWN), 0);
	EXPECT_EQ(t, place(mm, TOP_ENTRY, PAGE_SIZE, RW), 0);
	EXPECT_EQ(t, place(mm, 0, PAGE_SIZE, RW), MAP_LOWEST);
	child = mm_fork(mm);
	EXPECT(t, child != NULL, "out of memory");
	EXPECT_EQ(t, place(child, TOP_ENTRY, PAGE_SIZE, RW), 0);
	mm_put(child);
	EXPECT_EQ(t, mm_unmap(mm, 7 * TOP_ENTRY, 8 * TOP_ENTRY), 0);
	EXPECT_EQ(t, place(mm, 0, PAGE_SIZE, OWN), 7 * TOP_ENTRY);
	mm_put(mm);
}

/* --- regions that continue each other ----------------------------------------------------- */

#define JOINED_AT    0x40000000ul
#define JOINED_PAGES 64u

static u64 regions_of(struct mm *mm)
{
	u64 count;

	spin_lock(&mm->lock);
	count = mm->regions.count;
	region_tree_check(&mm->regions);
	spin_unlock(&mm->lock);
	return count;
}

static int map_page(struct mm *mm, struct object *object, vaddr_t at, u64 n, u32 flags)
{
	struct map_request q = { .start = at,
				 .size = PAGE_SIZE,
				 .flags = flags,
				 .kind = REGION_OBJECT,
				 .object = object,
				 .offset = n * PAGE_SIZE };

	return mm_map(mm, &q);
}

/* Page @n of @object at the place that belongs to it. */
static int map_one(struct mm *mm, struct object *object, u64 n, u32 flags)
{
	return map_page(mm, object, JOINED_AT + n * PAGE_SIZE, n, flags);
}

/* Every page says its number, but for [@from, @to), which are not there. */
static void expect_pages(struct test *t, u64 from, u64 to)
{
	for (u64 n = 0; n < JOINED_PAGES; n++)
		EXPECT_EQ(t, get(JOINED_AT + n * PAGE_SIZE), n >= from && n < to ? NO_VALUE : n);
}

static void cut_and_mend(struct test *t, struct mm *mm, struct object *object)
{
	vaddr_t from = JOINED_AT + 20 * PAGE_SIZE, to = JOINED_AT + 23 * PAGE_SIZE;
	struct mm *child;

	EXPECT_EQ(t, mm_unmap(mm, from, to), 0);
	EXPECT_EQ(t, regions_of(mm), 2);
	expect_pages(t, 20, 23);
	EXPECT_EQ(t, map_one(mm, object, 22, RW), 0);
	EXPECT_EQ(t, map_one(mm, object, 20, RW), 0);
	EXPECT_EQ(t, regions_of(mm), 2);
	EXPECT_EQ(t, map_one(mm, object, 21, REGION_READ), 0);
	EXPECT_EQ(t, regions_of(mm), 3);
	EXPECT(t, !put(from + PAGE_SIZE, 1), "other rights became those of its neighbours");
	expect_pages(t, 0, 0);
	EXPECT_EQ(t, mm_unmap(mm, from + PAGE_SIZE, from + 2 * PAGE_SIZE), 0);
	EXPECT_EQ(t, map_one(mm, object, 21, RW), 0);
	EXPECT_EQ(t, regions_of(mm), 1);
	EXPECT_EQ(t, map_one(mm, object, 21, RW), -EEXIST);
	child = mm_fork(mm);
	EXPECT(t, child != NULL, "out of memory");
	use(child);
	expect_pages(t, 0, 0);
	use(mm);
	mm_put(child);
}

/* In whatever order they are mapped. */
TEST("mm.map", pages_of_an_object_become_one_region)
{
	struct object *object = object_create(JOINED_PAGES);
	struct mm *mm = mm_create();

	EXPECT(t, object != NULL && mm != NULL, "out of memory");
	use(mm);
	for (u64 step = 0; step < 3; step++)
		for (u64 n = step; n < JOINED_PAGES; n += 3) {
			EXPECT_EQ(t, map_one(mm, object, n, RW), 0);
			EXPECT(t, put(JOINED_AT + n * PAGE_SIZE, n), "page %lu", n);
		}
	EXPECT_EQ(t, regions_of(mm), 1);
	object_put(object); /* the regions' references are what keeps it */
	cut_and_mend(t, mm, object);
	EXPECT_EQ(t, mm_unmap(mm, JOINED_AT, JOINED_AT + JOINED_PAGES * PAGE_SIZE), 0);
	EXPECT_EQ(t, regions_of(mm), 0);
	use(NULL);
	mm_put(mm);
}

static bool map_quickly(struct mm *mm, struct object *object, vaddr_t at, u64 n, u32 flags)
{
	struct extent more = { at, at + PAGE_SIZE, object, n * PAGE_SIZE, flags };
	bool done;

	irq_disable();
	done = mm_map_quick(mm, &more);
	irq_enable();
	return done;
}

/* mm_map_quick(): behind the region that was found last, and whatever else is left to mm_map(). */
TEST("mm.map", quickly_behind_the_last)
{
	struct object *object = object_create(4), *other = object_create(4);
	struct mm *mm = mm_create();
	vaddr_t at = TOP_ENTRY - 3 * PAGE_SIZE;

	EXPECT(t, object != NULL && other != NULL && mm != NULL, "out of memory");
	EXPECT(t, !map_quickly(mm, object, at, 0, RW), "there is no region");
	EXPECT_EQ(t, map_anon(mm, at - PAGE_SIZE, PAGE_SIZE, RW), 0);
	EXPECT_EQ(t, mm_fault(mm, at - PAGE_SIZE, FAULT_READ), 0);
	EXPECT(t, !map_quickly(mm, object, at, 0, RW), "the last is of no object");
	EXPECT_EQ(t, map_page(mm, object, at, 0, RW), 0);
	EXPECT_EQ(t, mm_fault(mm, at, FAULT_READ), 0);
	at += PAGE_SIZE;
	EXPECT(t, !map_quickly(mm, other, at, 1, RW), "another object");
	EXPECT(t, !map_quickly(mm, object, at, 2, RW), "another page");
	EXPECT(t, !map_quickly(mm, object, at, 1, REGION_READ), "other rights");
	EXPECT(t, !map_quickly(mm, object, at + PAGE_SIZE, 1, RW), "not behind it");
	EXPECT_EQ(t, regions_of(mm), 2);
	EXPECT(t, map_quickly(mm, object, at, 1, RW), "the next page");
	EXPECT(t, !map_quickly(mm, object, at, 1, RW), "it is mapped");
	at += PAGE_SIZE;
	EXPECT(t, map_quickly(mm, object, at, 2, RW), "the last below its top-level entry");
	at += PAGE_SIZE;
	EXPECT(t, !map_quickly(mm, object, at, 3, RW), "another's entry may be there");
	EXPECT_EQ(t, place(mm, TOP_ENTRY, PAGE_SIZE, OWN), TOP_ENTRY);
	EXPECT(t, !map_quickly(mm, object, at, 3, RW), "it is somebody's");
	EXPECT_EQ(t, mm_unmap(mm, TOP_ENTRY, TOP_ENTRY + PAGE_SIZE), 0);
	EXPECT_EQ(t, mm_unmap(mm, at - PAGE_SIZE, at), 0);
	EXPECT_EQ(t, map_anon(mm, at - PAGE_SIZE, PAGE_SIZE, REGION_READ), 0);
	EXPECT(t, !map_quickly(mm, object, at - PAGE_SIZE, 2, RW), "another region is there");
	EXPECT_EQ(t, regions_of(mm), 3);
	object_put(object);
	object_put(other);
	mm_put(mm);
}

static u64 pages_of(const struct mm *mm)
{
	return READ_ONCE(mm->pages);
}

/* A page that is mapped quickly, below a table that is there, needs no fault. */
TEST("mm.map", quickly_and_filled_in)
{
	struct object *object = object_create(4);
	struct mm *mm = mm_create();
	vaddr_t at = TOP_ENTRY;
	u64 n;

	EXPECT(t, object != NULL && mm != NULL, "out of memory");
	EXPECT_EQ(t, map_page(mm, object, at, 0, RW), 0);
	use(mm);
	EXPECT(t, put(at, 1), "its first page");
	n = pages_of(mm);
	EXPECT(t, map_quickly(mm, object, at + PAGE_SIZE, 1, RW), "the next page");
	EXPECT_EQ(t, pages_of(mm), n + 1);
	EXPECT(t, put(at + PAGE_SIZE, 2), "the next page");
	EXPECT_EQ(t, pages_of(mm), n + 1);
	EXPECT_EQ(t, mm_unmap(mm, at, at + 2 * PAGE_SIZE), 0);
	EXPECT_EQ(t, pages_of(mm), n - 1);
	use(NULL);
	object_put(object);
	mm_put(mm);
}

/* --- arenas: each CPU's thread has an entry of its own ------------------------------------ */

#define ARENA_PAGES 8u
#define ARENA_CPUS  8u /* at most; more show nothing else */

struct arenas {
	struct test *t;
	struct mm *mm;
	vaddr_t at[ARENA_CPUS];
};

static void load(void *arg)
{
	struct arenas *a = arg;

	if (cpu_id < ARENA_CPUS)
		switch_mm(a->mm);
}

/* The pages are there: with interrupts off only the top-level entry can be missing. */
static void touch_own(void *arg)
{
	struct arenas *a = arg;

	if (cpu_id >= ARENA_CPUS || a->at[cpu_id] == 0)
		return;
	EXPECT(a->t, put(a->at[cpu_id], cpu_id), "CPU %u", cpu_id);
	EXPECT_EQ(a->t, get(a->at[cpu_id]), cpu_id);
}

/* An arena for each of those CPUs, its pages there; no CPU has its entry.  How many. */
static u32 make_arenas(struct arenas *a)
{
	u32 cpu, n = 0;

	for_each_cpu (cpu, &cpus_online) {
		if (cpu >= ARENA_CPUS)
			break;
		a->at[cpu] = place(a->mm, 0, ARENA_PAGES * PAGE_SIZE, OWN);
		EXPECT(a->t, a->at[cpu] != 0, "no entry for CPU %u", cpu);
		for (u32 i = 0; i < ARENA_PAGES; i++)
			EXPECT_EQ(a->t, mm_fault(a->mm, a->at[cpu] + i * PAGE_SIZE, FAULT_WRITE),
				  0);
		n++;
	}
	return n;
}

/*
 * All these CPUs have one mm loaded, and each has touched its own arena only: what changes
 * in an arena interrupts its CPU, and no other.
 */
TEST("mm.map", arenas_are_left_alone, .cpus = 2)
{
	struct arenas a = { .t = t, .mm = mm_create() };
	u32 cpu, n;

	if (!pgd_copies_entries()) {
		test_skip(t, "this kernel copies no entries");
		mm_put(a.mm);
		return;
	}
	use(a.mm);
	on_each_cpu(load, &a);
	n = make_arenas(&a);
	on_each_cpu(touch_own, &a);
	for_each_cpu (cpu, &cpus_online) {
		u64 sent = event_total(IPIS_SENT), skipped = event_total(IPIS_SKIPPED);
		u32 told = cpu != cpu_id;

		if (cpu >= ARENA_CPUS)
			break;
		EXPECT_EQ(t, mm_unmap(a.mm, a.at[cpu] + PAGE_SIZE, a.at[cpu] + 2 * PAGE_SIZE), 0);
		EXPECT_EQ(t, event_total(IPIS_SENT), sent + told);
		EXPECT_EQ(t, event_total(IPIS_SKIPPED), skipped + n - 1 - told);
	}
	on_each_cpu(touch_own, &a);
	use(NULL);
	on_each_cpu(leave_mm, NULL);
	mm_put(a.mm);
}
