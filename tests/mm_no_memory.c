/* SPDX-License-Identifier: MIT */
/*
 * tests/mm_no_memory.c - whatever allocation of a life with address spaces fails, an error
 * comes back, what succeeded is good, and nothing is lost.
 */
#include "arch/x86_64/irq.h"
#include "lib/err.h"
#include "mm/asid.h"
#include "mm/object.h"
#include "mm/slab.h"
#include "tests/harness.h"
#include "tests/user_memory.h"

#define SMALL	0x40000000ul
#define REGIONS 40u /* more than a slab of them holds */
#define OBJECT	(SMALL + GIB)
#define LARGE	(SMALL + 2 * GIB)
#define ROUNDS	1000u /* more allocations than there are */

struct life {
	struct test *t;
	struct mm *mm, *child;
	struct object *object;
	bool wrote_small, wrote_large; /* before the fork */
};

static bool is_error(int err)
{
	return err == 0 || err == -ENOMEM;
}

static void expect(const struct life *l, vaddr_t va, u64 value, bool wrote)
{
	u64 got = get(va);

	/* What is there is right; memory for what is not there yet may be missing. */
	EXPECT(l->t, got == NO_VALUE || got == (wrote ? value : 0), "%#lx holds %#lx, wrote %d", va,
	       got, wrote);
}

static void map_all(struct life *l)
{
	struct map_request object = { .start = OBJECT,
				      .size = 4 * PAGE_SIZE,
				      .flags = RW,
				      .kind = REGION_OBJECT,
				      .object = l->object };
	struct map_request any = { .size = PAGE_SIZE, .flags = RW | REGION_OWN_TOP_ENTRY };

	for (u64 i = 0; i < REGIONS; i++)
		EXPECT(l->t, is_error(map_anon(l->mm, SMALL + 2 * i * PAGE_SIZE, PAGE_SIZE, RW)),
		       "map %lu", i);
	EXPECT(l->t, is_error(map_anon(l->mm, LARGE, 2 * LARGE_PAGE_SIZE, RW | REGION_LARGE)),
	       "large");
	if (l->object != NULL)
		EXPECT(l->t, is_error(mm_map(l->mm, &object)), "object");
	EXPECT(l->t, is_error(mm_map_anywhere(l->mm, &any)), "anywhere");
}

static void fault_all(struct life *l)
{
	bool wrote_object = put(OBJECT, 3);

	l->wrote_small = put(SMALL, 1);
	l->wrote_large = put(LARGE, 2);
	expect(l, SMALL, 1, l->wrote_small);
	expect(l, LARGE, 2, l->wrote_large);
	expect(l, OBJECT, 3, wrote_object);
	(void)put(LARGE + LARGE_PAGE_SIZE, 4);
}

/* Splits: by rights, by a write to what is shared, by an unmap of the middle. */
static void change_all(struct life *l)
{
	struct mm *mm = l->mm;
	bool rewrote;

	EXPECT(l->t,
	       is_error(mm_protect(mm, LARGE + PAGE_SIZE, LARGE + 3 * PAGE_SIZE, REGION_READ)),
	       "protect");
	l->child = mm_fork(mm);
	rewrote = put(SMALL, 11);
	expect(l, SMALL, rewrote ? 11 : 1, rewrote || l->wrote_small);
	rewrote = put(LARGE, 12);
	expect(l, LARGE, rewrote ? 12 : 2, rewrote || l->wrote_large);
	(void)put(LARGE + LARGE_PAGE_SIZE, 14);
	EXPECT(l->t,
	       is_error(mm_unmap(mm, LARGE + LARGE_PAGE_SIZE / 2, LARGE + 3 * LARGE_PAGE_SIZE / 2)),
	       "unmap");
	expect(l, LARGE, rewrote ? 12 : 2, rewrote || l->wrote_large);
	if (l->child == NULL)
		return;
	use(l->child);
	expect(l, SMALL, 1, l->wrote_small);
	expect(l, LARGE, 2, l->wrote_large);
}

static void live(struct life *l)
{
	l->mm = mm_create();
	l->object = object_create(4);
	if (l->mm == NULL)
		return;
	map_all(l);
	use(l->mm);
	fault_all(l);
	change_all(l);
}

static void end(struct life *l)
{
	use(NULL);
	if (l->child != NULL)
		mm_put(l->child);
	if (l->mm != NULL)
		mm_put(l->mm);
	if (l->object != NULL)
		object_put(l->object);
}

/* So that the next mm's slot wants a PGD again. */
static void give_back(void)
{
	u64 flags = irq_save();

	asid_give_back();
	irq_restore(flags);
	kmem_shrink();
}

TEST("mm.no_memory", each_allocation_fails_once)
{
	u64 before = 0, k, left = 0;

	if (!CONFIG_DEBUG) {
		test_skip(t, "release build");
		return;
	}
	for (k = 0; k < ROUNDS && left == 0; k++) {
		struct life l = { .t = t };

		give_back();
		page_alloc_fail_after(k);
		live(&l);
		left = k == 0 ? 0 : page_alloc_fail_after(0);
		end(&l);
		give_back();
		if (k == 0) /* nothing fails: caches have their slabs */
			before = free_pages_now();
		EXPECT_EQ(t, free_pages_now(), before);
	}
	EXPECT(t, left != 0, "%u allocations and no end", ROUNDS);
	test_note("%lu allocations", k - 2);
}
