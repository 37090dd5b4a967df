/* SPDX-License-Identifier: MIT */
/*
 * tests/mm_get_page.c - the page behind an address of an mm that is not loaded: the very
 * page that the user then sees, also inside a large one, and after a fork one's own.
 */
#include "lib/err.h"
#include "mm/kmap.h"
#include "tests/harness.h"
#include "tests/user_memory.h"

#define SMALL	0x400000ul
#define LARGE	0x40000000ul
#define FOREIGN 0x50000000ul
#define INSIDE	(5 * PAGE_SIZE)

/* Write @value to the page behind @va of @mm, as the kernel would; 0 or mm_get_page()'s error. */
static int write_page(struct mm *mm, vaddr_t va, u64 value)
{
	struct page *page;
	int err = mm_get_page(mm, va, FAULT_WRITE, &page);
	u64 *to;

	if (err)
		return err;
	to = kmap_local_page(page);
	*to = value;
	kunmap_local(to);
	put_page(page);
	return 0;
}

static u64 value_in(struct mm *mm, vaddr_t va)
{
	u64 value;

	use(mm);
	value = get(va);
	use(NULL);
	return value;
}

static void look(struct test *t, struct mm *mm)
{
	const struct map_request phys = {
		.start = FOREIGN,
		.size = PAGE_SIZE,
		.flags = RW,
		.kind = REGION_PHYS,
		.phys = PAGE_SIZE,
	};
	struct page *page;

	EXPECT_EQ(t, map_anon(mm, SMALL, PAGE_SIZE, RW), 0);
	EXPECT_EQ(t, map_anon(mm, LARGE, LARGE_PAGE_SIZE, RW | REGION_LARGE), 0);
	EXPECT_EQ(t, mm_map(mm, &phys), 0);
	EXPECT_EQ(t, write_page(mm, SMALL, 1), 0);
	EXPECT_EQ(t, write_page(mm, LARGE + INSIDE, 2), 0);
	EXPECT_EQ(t, value_in(mm, SMALL), 1);
	EXPECT_EQ(t, value_in(mm, LARGE), 0);
	EXPECT_EQ(t, value_in(mm, LARGE + INSIDE), 2);
	EXPECT_EQ(t, mm_get_page(mm, FOREIGN, FAULT_READ, &page), -EFAULT);
	EXPECT_EQ(t, mm_get_page(mm, SMALL, FAULT_EXEC, &page), -EFAULT);
	EXPECT_EQ(t, mm_get_page(mm, SMALL + PAGE_SIZE, FAULT_READ, &page), -EFAULT);
	EXPECT_EQ(t, mm_get_page(mm, USER_END, FAULT_READ, &page), -EFAULT);
}

static void fork_and_look(struct test *t, struct mm *mm)
{
	struct mm *child = mm_fork(mm);

	EXPECT(t, child != NULL, "out of memory");
	if (child == NULL)
		return;
	EXPECT_EQ(t, write_page(child, SMALL, 3), 0);
	EXPECT_EQ(t, write_page(child, LARGE + INSIDE, 4), 0);
	EXPECT_EQ(t, value_in(mm, SMALL), 1);
	EXPECT_EQ(t, value_in(mm, LARGE + INSIDE), 2);
	EXPECT_EQ(t, value_in(child, SMALL), 3);
	EXPECT_EQ(t, value_in(child, LARGE + INSIDE), 4);
	mm_put(child);
}

/* Also: the reference is the caller's, and outlives the mm. */
TEST("mm.get_page", is_what_the_user_sees)
{
	struct mm *mm = mm_create();
	struct page *page = NULL;
	const u64 *at;

	if (mm == NULL)
		return;
	look(t, mm);
	fork_and_look(t, mm);
	EXPECT_EQ(t, mm_get_page(mm, SMALL, FAULT_READ, &page), 0);
	mm_put(mm);
	if (page == NULL)
		return;
	at = kmap_local_page(page);
	EXPECT_EQ(t, *at, 1);
	kunmap_local(at);
	EXPECT_EQ(t, page->refcount, 1);
	put_page(page);
}
