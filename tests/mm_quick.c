/* SPDX-License-Identifier: MIT */
/*
 * tests/mm_quick.c - mm_fault_quick(): a page of private memory into the table where the last fault
 * was; and all that it must leave to mm_fault(), with nothing changed.
 */
#include "arch/x86_64/irq.h"
#include "lib/err.h"
#include "mm/budget.h"
#include "mm/kmap.h"
#include "mm/object.h"
#include "tests/harness.h"
#include "tests/user_memory.h"

#define BASE  0x40000000ul
#define PAGES 8ul
#define SIZE  (PAGES * PAGE_SIZE)
#define AT(n) (BASE + (n)*PAGE_SIZE)

static bool quick(struct mm *mm, vaddr_t va, enum fault_access access)
{
	bool done;

	irq_disable();
	done = mm_fault_quick(mm, va, access) == FAULT_DONE;
	irq_enable();
	return done;
}

/* Of @mm: pages that are mapped, and faults. */
static u64 pages_of(struct mm *mm)
{
	u64 pages;

	spin_lock(&mm->lock);
	pages = mm->pages;
	spin_unlock(&mm->lock);
	return pages;
}

static u64 faults_of(struct mm *mm)
{
	u64 faults;

	spin_lock(&mm->lock);
	faults = mm->events.page_faults;
	spin_unlock(&mm->lock);
	return faults;
}

/* Whoever has no memory for a fault says so by mm_fault(), whoever has no region at once. */
static enum fault_quick why(struct mm *mm, vaddr_t va)
{
	enum fault_quick done;

	irq_disable();
	done = mm_fault_quick(mm, va, FAULT_READ);
	irq_enable();
	return done;
}

/* It is refused, and neither a page nor a fault comes of it. */
static void expect_refused(struct test *t, struct mm *mm, vaddr_t va, enum fault_access access,
			   const char *why)
{
	u64 pages = pages_of(mm), faults = faults_of(mm), event = event_total(PAGE_FAULTS);

	EXPECT(t, !quick(mm, va, access), "%#lx is filled in, but %s", va, why);
	EXPECT_EQ(t, pages_of(mm), pages);
	EXPECT_EQ(t, faults_of(mm), faults);
	EXPECT_EQ(t, event_total(PAGE_FAULTS), event);
}

/* What free pages hold is not zero, if the next that are taken were ours. */
static void soil_free_pages(void)
{
	struct page *soiled[2 * PAGES];

	for (u32 i = 0; i < ARRAY_SIZE(soiled); i++) {
		u64 *to;

		soiled[i] = alloc_page(ZONE_USER);
		if (soiled[i] == NULL)
			continue;
		to = kmap_local_page(soiled[i]);
		for (u32 w = 0; w < PAGE_SIZE / sizeof(u64); w++)
			to[w] = NO_VALUE;
		kunmap_local(to);
	}
	for (u32 i = 0; i < ARRAY_SIZE(soiled); i++)
		if (soiled[i] != NULL)
			put_page(soiled[i]);
}

TEST("mm.quick", is_what_a_fault_would_be)
{
	struct mm *mm = mm_create();

	if (mm == NULL || map_anon(mm, BASE, SIZE, RW) != 0) {
		EXPECT(t, false, "out of memory");
		return;
	}
	expect_refused(t, mm, AT(0), FAULT_WRITE, "there is no table yet");
	EXPECT_EQ(t, mm_fault(mm, AT(0), FAULT_WRITE), 0);
	expect_refused(t, mm, AT(0), FAULT_WRITE, "it is there");
	soil_free_pages();
	for (u64 n = 1; n < PAGES; n++)
		EXPECT(t, quick(mm, AT(n), n & 1 ? FAULT_READ : FAULT_WRITE), "page %lu", n);
	EXPECT_EQ(t, pages_of(mm), PAGES);
	EXPECT_EQ(t, faults_of(mm), PAGES);
	use(mm);
	for (u64 n = 0; n < PAGES; n++)
		for (u64 into = 0; into < PAGE_SIZE; into += sizeof(u64))
			EXPECT_EQ(t, get(AT(n) + into), 0);
	for (u64 n = 0; n < PAGES; n++)
		EXPECT(t, put(AT(n), n), "page %lu cannot be written", n);
	for (u64 n = 0; n < PAGES; n++)
		EXPECT_EQ(t, get(AT(n)), n);
	use(NULL);
	EXPECT_EQ(t, faults_of(mm), PAGES);
	mm_put(mm);
}

static void look_at_regions(struct test *t, struct mm *mm)
{
	struct object *object = object_create(1);
	struct map_request q = { .start = AT(2),
				 .size = PAGE_SIZE,
				 .flags = RW,
				 .kind = REGION_OBJECT,
				 .object = object };

	EXPECT_EQ(t, object == NULL ? -ENOMEM : mm_map(mm, &q), 0);
	EXPECT_EQ(t, map_anon(mm, AT(0), 2 * PAGE_SIZE, RW), 0);
	EXPECT_EQ(t, map_anon(mm, AT(4), 2 * PAGE_SIZE, REGION_READ), 0);
	EXPECT_EQ(t, mm_fault(mm, AT(0), FAULT_WRITE), 0);
	expect_refused(t, mm, AT(4), FAULT_READ, "another region was found last");
	expect_refused(t, mm, AT(3), FAULT_READ, "there is no region");
	EXPECT_EQ(t, why(mm, AT(3)), FAULT_NO_REGION);
	EXPECT_EQ(t, why(mm, ~0ul), FAULT_NO_REGION);
	EXPECT_EQ(t, mm_fault(mm, AT(0), FAULT_READ), 0);
	EXPECT_EQ(t, why(mm, AT(4)), FAULT_NOT_QUICKLY);
	EXPECT_EQ(t, mm_fault(mm, AT(0), FAULT_READ), 0);
	expect_refused(t, mm, AT(1), FAULT_EXEC, "it may not be executed");
	EXPECT_EQ(t, mm_fault(mm, AT(4), FAULT_READ), 0);
	expect_refused(t, mm, AT(5), FAULT_WRITE, "it may not be written");
	EXPECT(t, quick(mm, AT(5), FAULT_READ), "it may be read");
	use(mm);
	EXPECT(t, !put(AT(5), 1), "a page of a region that may not be written is written");
	use(NULL);
	EXPECT_EQ(t, mm_protect(mm, AT(2), AT(3), REGION_READ), 0);
	EXPECT_EQ(t, mm_fault(mm, AT(2), FAULT_READ), 0);
	EXPECT_EQ(t, mm_unmap(mm, AT(2), AT(3)), 0);
	expect_refused(t, mm, AT(2), FAULT_READ, "the region is gone");
	EXPECT_EQ(t, mm_map(mm, &q), 0);
	EXPECT_EQ(t, mm_fault(mm, AT(2), FAULT_READ), 0);
	EXPECT_EQ(t, mm_protect(mm, AT(2), AT(3), 0), 0);
	EXPECT_EQ(t, mm_protect(mm, AT(2), AT(3), RW), 0);
	EXPECT(t, quick(mm, AT(2), FAULT_READ), "the object has the page");
	if (object != NULL)
		object_put(object);
}

TEST("mm.quick", only_where_the_region_allows)
{
	struct mm *mm = mm_create();

	if (mm == NULL) {
		EXPECT(t, false, "out of memory");
		return;
	}
	look_at_regions(t, mm);
	mm_put(mm);
}

/* With its last entry a table goes, and may be anything by the next fault. */
TEST("mm.quick", no_table_that_was_freed)
{
	struct mm *mm = mm_create();

	for (u32 i = 0; mm != NULL && i < 3; i++) {
		struct page *taken;

		EXPECT_EQ(t, map_anon(mm, BASE, SIZE, RW), 0);
		EXPECT_EQ(t, mm_fault(mm, AT(0), FAULT_WRITE), 0);
		EXPECT_EQ(t, mm_protect(mm, BASE, BASE + SIZE, 0), 0);
		EXPECT_EQ(t, mm_protect(mm, BASE, BASE + SIZE, RW), 0);
		taken = alloc_page(ZONE_KERNEL);
		expect_refused(t, mm, AT(1), FAULT_WRITE, "its table was freed");
		if (taken != NULL)
			put_page(taken);
		EXPECT_EQ(t, mm_unmap(mm, BASE, BASE + SIZE), 0);
	}
	EXPECT(t, mm != NULL, "out of memory");
	if (mm != NULL)
		mm_put(mm);
}

/* While some allocation is to fail there is no page (debug builds). */
static void expect_no_page(struct test *t, struct mm *mm, struct budget *budget)
{
	u64 used = budget->used;

	if (!CONFIG_DEBUG)
		return;
	(void)page_alloc_fail_after(2);
	expect_refused(t, mm, AT(1), FAULT_WRITE, "there is no page");
	EXPECT_EQ(t, page_alloc_fail_after(0), 2);
	EXPECT_EQ(t, budget->used, used);
}

static void use_up(struct test *t, struct mm *mm, struct budget *budget)
{
	u64 n = 1;

	EXPECT_EQ(t, map_anon(mm, BASE, SIZE, RW), 0);
	EXPECT_EQ(t, mm_fault(mm, AT(0), FAULT_WRITE), 0);
	expect_no_page(t, mm, budget);
	while (n < PAGES && quick(mm, AT(n), FAULT_WRITE))
		n++;
	EXPECT(t, n > 1 && n < PAGES, "the budget ends at page %lu", n);
	EXPECT_EQ(t, budget->used, budget->limit);
	expect_refused(t, mm, AT(n), FAULT_WRITE, "the budget is used up");
	EXPECT_EQ(t, budget->used, budget->limit);
	EXPECT_EQ(t, mm_fault(mm, AT(n), FAULT_WRITE), -ENOMEM);
	EXPECT_EQ(t, mm_unmap(mm, AT(1), AT(2)), 0);
	EXPECT_EQ(t, budget->used, budget->limit - 1);
	EXPECT_EQ(t, mm_fault(mm, AT(n), FAULT_WRITE), 0);
}

TEST("mm.quick", is_charged)
{
	struct budget *budget = budget_create(pt_levels + PAGES / 2, NULL);
	struct mm *mm = mm_create();

	if (budget == NULL || mm == NULL || mm_set_budget(mm, budget) != 0)
		EXPECT(t, false, "out of memory");
	else
		use_up(t, mm, budget);
	if (mm != NULL)
		mm_put(mm);
	if (budget != NULL)
		EXPECT_EQ(t, budget->used, 0);
	budget_put(budget);
}

/* Who holds the lock may wait for this CPU. */
TEST("mm.quick", waits_for_no_lock)
{
	struct mm *mm = mm_create();

	if (mm == NULL || map_anon(mm, BASE, SIZE, RW) != 0 ||
	    mm_fault(mm, AT(0), FAULT_WRITE) != 0) {
		EXPECT(t, false, "out of memory");
		return;
	}
	spin_lock(&mm->lock);
	EXPECT(t, !quick(mm, AT(1), FAULT_WRITE), "the lock is held");
	spin_unlock(&mm->lock);
	EXPECT(t, quick(mm, AT(1), FAULT_WRITE), "the lock is free");
	mm_put(mm);
}

/* An object's pages, each once, are zero at first and the object's; beyond its stack of pages too.
 */
TEST("mm.quick", pages_of_an_object)
{
	struct object *object = object_create(PAGES);
	struct map_request q = {
		.start = BASE, .size = SIZE, .flags = RW, .kind = REGION_OBJECT, .object = object
	};
	struct mm *mm = mm_create();

	EXPECT_EQ(t, mm == NULL || object == NULL ? -ENOMEM : mm_map(mm, &q), 0);
	soil_free_pages();
	expect_refused(t, mm, AT(0), FAULT_READ, "there is no table");
	EXPECT_EQ(t, mm_fault(mm, AT(0), FAULT_READ), 0);
	for (u64 n = 1; n < PAGES; n++)
		EXPECT(t, quick(mm, AT(n), FAULT_WRITE), "page %lu is not filled in", n);
	expect_refused(t, mm, AT(1), FAULT_READ, "it is there");
	use(mm);
	for (u64 n = 0; n < PAGES; n++) {
		for (u64 into = 0; into < PAGE_SIZE; into += sizeof(u64))
			EXPECT_EQ(t, get(AT(n) + into), 0);
		EXPECT(t, put(AT(n), n), "page %lu cannot be written", n);
	}
	EXPECT_EQ(t, mm_unmap(mm, AT(1), AT(PAGES)), 0);
	q.start = AT(1);
	q.offset = PAGE_SIZE;
	q.size = SIZE - PAGE_SIZE;
	EXPECT_EQ(t, mm_map(mm, &q), 0);
	for (u64 n = 1; n < PAGES; n++) {
		EXPECT(t, quick(mm, AT(n), FAULT_READ), "page %lu is not filled in again", n);
		EXPECT_EQ(t, get(AT(n)), n);
	}
	use(NULL);
	object_put(object);
	mm_put(mm);
}
