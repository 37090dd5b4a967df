/* SPDX-License-Identifier: MIT */
/*
 * tests/cpu_storm_spaces.c - see cpu_storm.h: address spaces that others use too, with pages of
 * the stormer's own in them.
 */
#include "tests/cpu_storm.h"
#include "tests/user_memory.h"

#define BASE	  0x60000000ul
#define FORKS_MAX 3u /* at a time */
#define OWN_PAGES 3u
#define OWN_BYTES (64 * KIB) /* of addresses, at each level */

static vaddr_t own_address(const struct stormer *w, u32 level)
{
	return (1 + w->number % 4) * TOP_ENTRY + BASE +
	       (w->number * (LEVELS + 1ul) + level) * OWN_BYTES;
}

static void put_own(struct stormer *w, u32 level, u64 value)
{
	for (u64 i = 0; i < OWN_PAGES; i++)
		EXPECT(storm.t, put(own_address(w, level) + i * PAGE_SIZE, value + i),
		       "stormer %u: no access", w->number);
}

static void check_own(struct stormer *w, u32 level, u64 value)
{
	for (u64 i = 0; i < OWN_PAGES; i++) {
		u64 got = get(own_address(w, level) + i * PAGE_SIZE);

		EXPECT(storm.t, got == value + i, "stormer %u: page %lu holds %#lx, expected %#lx",
		       w->number, i, got, value + i);
	}
}

/* A copy, in which this stormer writes and the parent's pages stay as they are. */
static void fork_space(struct stormer *w, u32 level, struct mm *mm, u64 value)
{
	struct mm *child;

	if (!enter(&storm.forks, FORKS_MAX))
		return;
	child = mm_fork(mm);
	EXPECT(storm.t, child != NULL, "no memory for a fork");
	if (child != NULL) {
		use(child);
		check_own(w, level, value);
		put_own(w, level, ~value);
		act_pass_time(w, level);
		check_own(w, level, ~value);
		use(mm);
		check_own(w, level, value);
		mm_put(child);
	}
	leave(&storm.forks);
}

/* What was there is not readable, or not writable, for a while. */
static void change_rights(struct stormer *w, u32 level, struct mm *mm, u64 value)
{
	vaddr_t va = own_address(w, level), end = va + OWN_PAGES * PAGE_SIZE;

	EXPECT_EQ(storm.t, mm_protect(mm, va, end, REGION_READ), 0);
	EXPECT(storm.t, !put(va, 0), "stormer %u: it is writable", w->number);
	check_own(w, level, value);
	EXPECT_EQ(storm.t, mm_protect(mm, va, end, RW), 0);
	EXPECT_EQ(storm.t, mm_unmap(mm, va, va + PAGE_SIZE), 0);
	EXPECT_EQ(storm.t, get(va), NO_VALUE);
	EXPECT_EQ(storm.t, map_anon(mm, va, PAGE_SIZE, RW), 0);
	put_own(w, level, value);
}

static struct mm_place *some_place(struct stormer *w)
{
	return &storm.place[rand_below(&w->r, ARRAY_SIZE(storm.place))];
}

void act_in_space(struct stormer *w, u32 level)
{
	vaddr_t va = own_address(w, level);
	struct mm *before = current->mm, *mm = mm_place_get(some_place(w));
	u64 value = rand_next(&w->r) >> 1;

	if (before != NULL)
		mm_get(before);
	use(mm);
	EXPECT_EQ(storm.t, map_anon(mm, va, OWN_PAGES * PAGE_SIZE, RW), 0);
	put_own(w, level, value);
	act_inside(w, level);
	check_own(w, level, value);
	switch (rand_below(&w->r, 4)) {
	case 0:
		fork_space(w, level, mm, value);
		break;
	case 1:
		change_rights(w, level, mm, value);
		break;
	}
	EXPECT_EQ(storm.t, mm_unmap(mm, va, va + OWN_PAGES * PAGE_SIZE), 0);
	EXPECT_EQ(storm.t, get(va), NO_VALUE);
	use(before);
	mm_put(mm);
	if (before != NULL)
		mm_put(before);
}

void act_renew_space(struct stormer *w, u32 level)
{
	(void)level;
	EXPECT(storm.t, mm_place_renew(some_place(w)), "no memory for an address space");
}
