/* SPDX-License-Identifier: MIT */
/*
 * tests/mm_space.c - an address space on one CPU: regions, faults, unmap, protect, fork,
 * and the accounts at its end.
 */
#include "lib/err.h"
#include "mm/counters.h"
#include "mm/object.h"
#include "mm/mm.h"
#include "tests/harness.h"
#include "tests/user_memory.h"

#define BASE 0x10000000ul

TEST("mm.space", anonymous_memory)
{
	struct mm *mm = mm_create();

	EXPECT_EQ(t, map_anon(mm, BASE, 16 * PAGE_SIZE, RW), 0);
	EXPECT_EQ(t, map_anon(mm, BASE + PAGE_SIZE, PAGE_SIZE, RW), -EEXIST);
	use(mm);
	EXPECT_EQ(t, get(BASE), 0);
	for (u64 i = 0; i < 16; i++)
		EXPECT(t, put(BASE + i * PAGE_SIZE, i + 1), "page %lu", i);
	for (u64 i = 0; i < 16; i++)
		EXPECT_EQ(t, get(BASE + i * PAGE_SIZE), i + 1);
	EXPECT(t, !put(BASE - 8, 1) && !put(BASE + 16 * PAGE_SIZE, 1), "outside the region");
	EXPECT_EQ(t, mm->pages, 16);
	use(NULL);
	mm_put(mm);
}

TEST("mm.space", unmap_takes_it_away)
{
	struct mm *mm = mm_create();

	EXPECT_EQ(t, map_anon(mm, BASE, 8 * PAGE_SIZE, RW), 0);
	use(mm);
	for (u64 i = 0; i < 8; i++)
		put(BASE + i * PAGE_SIZE, i + 1);
	EXPECT_EQ(t, mm_unmap(mm, BASE + 2 * PAGE_SIZE, BASE + 4 * PAGE_SIZE), 0);
	EXPECT_EQ(t, get(BASE + PAGE_SIZE), 2);
	EXPECT(t, !put(BASE + 2 * PAGE_SIZE, 1) && !put(BASE + 3 * PAGE_SIZE, 1), "still there");
	EXPECT_EQ(t, get(BASE + 4 * PAGE_SIZE), 5);
	EXPECT_EQ(t, map_anon(mm, BASE + 2 * PAGE_SIZE, PAGE_SIZE, RW), 0);
	EXPECT_EQ(t, get(BASE + 2 * PAGE_SIZE), 0);
	EXPECT_EQ(t, mm_unmap(mm, BASE, BASE + 8 * PAGE_SIZE), 0);
	EXPECT_EQ(t, mm->pages, 0);
	use(NULL);
	mm_put(mm);
}

TEST("mm.space", protect)
{
	struct mm *mm = mm_create();

	EXPECT_EQ(t, map_anon(mm, BASE, 4 * PAGE_SIZE, RW), 0);
	use(mm);
	put(BASE, 7);
	put(BASE + PAGE_SIZE, 8);
	EXPECT_EQ(t, mm_protect(mm, BASE, BASE + PAGE_SIZE, REGION_READ), 0);
	EXPECT(t, !put(BASE, 9), "written though read-only");
	EXPECT_EQ(t, get(BASE), 7);
	EXPECT(t, put(BASE + PAGE_SIZE, 9), "the neighbour");
	EXPECT_EQ(t, mm_protect(mm, BASE, BASE + PAGE_SIZE, RW), 0);
	EXPECT(t, put(BASE, 10), "writable again");
	EXPECT_EQ(t, get(BASE), 10);
	use(NULL);
	mm_put(mm);
}

TEST("mm.space", fork_copies_on_write)
{
	struct mm *parent = mm_create(), *child;
	u64 copies;

	EXPECT_EQ(t, map_anon(parent, BASE, 4 * PAGE_SIZE, RW), 0);
	use(parent);
	for (u64 i = 0; i < 4; i++)
		put(BASE + i * PAGE_SIZE, i + 1);
	child = mm_fork(parent);
	EXPECT(t, child != NULL, "out of memory");
	copies = event_total(COW_COPIES);
	EXPECT(t, put(BASE, 100), "parent writes");
	EXPECT_EQ(t, event_total(COW_COPIES), copies + 1);
	use(child);
	EXPECT_EQ(t, get(BASE), 1);
	EXPECT(t, put(BASE, 200), "child writes what nobody shares any more");
	EXPECT_EQ(t, event_total(COW_COPIES), copies + 1);
	EXPECT(t, put(BASE + PAGE_SIZE, 300), "child writes first");
	use(parent);
	EXPECT_EQ(t, get(BASE), 100);
	EXPECT_EQ(t, get(BASE + PAGE_SIZE), 2);
	use(child);
	mm_put(parent);
	EXPECT_EQ(t, get(BASE), 200);
	EXPECT_EQ(t, get(BASE + PAGE_SIZE), 300);
	EXPECT_EQ(t, get(BASE + 2 * PAGE_SIZE), 3);
	use(NULL);
	mm_put(child);
}

TEST("mm.space", objects_are_shared)
{
	struct mm *a = mm_create(), *b = mm_create();
	struct object *object = object_create(4);
	struct map_request q = { .start = BASE,
				 .size = 4 * PAGE_SIZE,
				 .flags = RW,
				 .kind = REGION_OBJECT,
				 .object = object };

	EXPECT_EQ(t, mm_map(a, &q), 0);
	q.start = 2 * BASE;
	q.size = 2 * PAGE_SIZE;
	q.offset = 2 * PAGE_SIZE;
	EXPECT_EQ(t, mm_map(b, &q), 0);
	object_put(object);
	use(a);
	EXPECT(t, put(BASE + 3 * PAGE_SIZE, 42), "a writes");
	use(b);
	EXPECT_EQ(t, get(2 * BASE + PAGE_SIZE), 42);
	use(NULL);
	mm_put(a);
	use(b);
	EXPECT_EQ(t, get(2 * BASE + PAGE_SIZE), 42);
	use(NULL);
	mm_put(b);
}

/* The last page of the user half is one like others; beyond it nothing can be mapped or used. */
TEST("mm.space", ends_where_the_user_half_ends)
{
	struct mm *mm = mm_create();
	vaddr_t last = USER_MAP_END - PAGE_SIZE;
	u64 value = 1;

	EXPECT_EQ(t, map_anon(mm, last, 2 * PAGE_SIZE, RW), -EINVAL);
	EXPECT_EQ(t, map_anon(mm, USER_END, PAGE_SIZE, RW), -EINVAL);
	EXPECT_EQ(t, map_anon(mm, last, PAGE_SIZE, RW), 0);
	use(mm);
	EXPECT(t, put(last, 7) && get(last) == 7, "the last page");
	EXPECT_EQ(t, copy_to_user(USER_END, &value, sizeof(value)), -EFAULT);
	EXPECT_EQ(t, copy_to_user(USER_END - 4, &value, sizeof(value)), -EFAULT);
	EXPECT_EQ(t, copy_from_user(&value, BIT(56), sizeof(value)), -EFAULT);
	EXPECT_EQ(t, mm_unmap(mm, last, USER_END + PAGE_SIZE), -EINVAL);
	EXPECT_EQ(t, mm_unmap(mm, last, USER_END), 0);
	EXPECT_EQ(t, get(last), NO_VALUE);
	use(NULL);
	mm_put(mm);
}

/*
 * Five levels: addresses above 2^47 work, and are others than those that differ from them
 * above bit 47 alone.  A fork has them too.
 */
TEST("mm.space", above_2_47)
{
	static const vaddr_t at[] = { BASE, BIT(47) + BASE, BIT(48) + BASE, BIT(55) + BASE };
	struct mm *mm, *child;

	if (PT_LEVEL_TOP == PT_LEVEL_HALF) {
		test_skip(t, "four levels end at 2^47");
		return;
	}
	mm = mm_create();
	use(mm);
	for (u64 i = 0; i < ARRAY_SIZE(at); i++) {
		EXPECT_EQ(t, map_anon(mm, at[i], PAGE_SIZE, RW), 0);
		EXPECT(t, put(at[i], i + 1), "%#lx", at[i]);
	}
	for (u64 i = 0; i < ARRAY_SIZE(at); i++)
		EXPECT_EQ(t, get(at[i]), i + 1);
	child = mm_fork(mm);
	EXPECT(t, child != NULL, "out of memory");
	EXPECT_EQ(t, mm_unmap(mm, BIT(47), BIT(55)), 0);
	EXPECT_EQ(t, get(at[0]), 1);
	EXPECT_EQ(t, get(at[1]), NO_VALUE);
	EXPECT_EQ(t, get(at[2]), NO_VALUE);
	EXPECT_EQ(t, get(at[3]), 4);
	use(child);
	for (u64 i = 0; i < ARRAY_SIZE(at); i++)
		EXPECT_EQ(t, get(at[i]), i + 1);
	use(NULL);
	mm_put(mm);
	mm_put(child);
}

/* Everything that an address space took comes back, whatever was in it. */
TEST("mm.space", teardown_gives_everything_back)
{
	u64 before = 0;

	for (u32 round = 0; round < 3; round++) {
		struct mm *mm = mm_create(), *child;

		for (u64 i = 0; i < 20; i++)
			EXPECT_EQ(t, map_anon(mm, (i + 1) * TOP_ENTRY, PAGE_SIZE, RW), 0);
		use(mm);
		for (u64 i = 0; i < 20; i++)
			EXPECT(t, put((i + 1) * TOP_ENTRY, i), "top-level entry %lu", i + 1);
		child = mm_fork(mm);
		use(child);
		for (u64 i = 0; i < 20; i += 2)
			put((i + 1) * TOP_ENTRY, i + 100);
		use(NULL);
		mm_put(mm);
		mm_put(child);
		if (round == 0) /* caches have their first slabs, slots their PGDs */
			before = free_pages_now();
	}
	EXPECT_EQ(t, free_pages_now(), before);
}
