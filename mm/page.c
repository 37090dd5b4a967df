/* SPDX-License-Identifier: MIT */
/*
 * mm/page.c - which frames there are, and what a struct page says.
 *
 * Invariant: ranges do not overlap, none is removed, and one is complete before
 * page_range_count counts it, so they are read without a lock.
 */
#include "lib/err.h"
#include "mm/page.h"

struct page_range page_ranges[MAX_PAGE_RANGES];
u32 page_range_count;

bool page_is_managed(u64 pfn)
{
	u32 count = __atomic_load_n(&page_range_count, __ATOMIC_ACQUIRE);

	for (u32 i = 0; i < count; i++)
		if (pfn >= page_ranges[i].start && pfn < page_ranges[i].end)
			return true;
	return false;
}

struct page *page_head(struct page *page)
{
	u64 pfn = page_to_pfn(page);

	for (unsigned order = 0; order <= MAX_ORDER; order++) {
		struct page *head = pfn_to_page(ALIGN_DOWN(pfn, BIT(order)));

		if (READ_ONCE(head->state) != PAGE_TAIL)
			return head;
	}
	panic("page %#lx is inside a block that has no head", pfn);
}

const char *page_state_name(enum page_state state)
{
	static const char *const names[] = {
		[PAGE_RESERVED] = "reserved",	[PAGE_TAIL] = "inside a block",
		[PAGE_FREE] = "free",		[PAGE_PCP] = "free on a CPU's list",
		[PAGE_ALLOCATED] = "allocated", [PAGE_SLAB] = "a slab",
		[PAGE_KMALLOC] = "kmalloc's",
	};

	return (u32)state < ARRAY_SIZE(names) ? names[state] : "in no known state";
}

static bool overlaps_a_range(u64 start, u64 end)
{
	for (u32 i = 0; i < page_range_count; i++)
		if (start < page_ranges[i].end && end > page_ranges[i].start)
			return true;
	return false;
}

int page_range_add(enum zone_id zone, u64 start, u64 end)
{
	u32 index = page_range_count;

	if (start >= end || overlaps_a_range(start, end))
		return -EINVAL;
	if (index == MAX_PAGE_RANGES)
		return -ENOSPC;
	for (u64 pfn = start; pfn < end; pfn++) {
		struct page *page = pfn_to_page(pfn);

		list_init(&page->node);
		page->state = PAGE_TAIL;
		page->zone = (u8)zone;
		page->range = (u16)index;
	}
	page_ranges[index] = (struct page_range){ .start = start, .end = end, .zone = zone };
	__atomic_store_n(&page_range_count, index + 1, __ATOMIC_RELEASE);
	return (int)index;
}
