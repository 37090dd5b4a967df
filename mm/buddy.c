/* SPDX-License-Identifier: MIT */
/*
 * mm/buddy.c - blocks of 2^n frames, split and merged.
 *
 * A free block of order n at frame f has one buddy, the block at f ^ 2^n; if both
 * are free they are one block of order n + 1.  Because only heads carry a state
 * (mm/page.h), splitting and merging touch two struct pages each, whatever the size.
 *
 * Invariants, under the zone's lock, which every caller here holds:
 *   - a block is on blocks[n] exactly if its head says PAGE_FREE and order n;
 *   - no two free buddies of one range remain unmerged;
 *   - free is the sum of by_order[n] << n; by_order[n] is the length of blocks[n];
 *   - blocks never reach out of their range, so no struct page of a hole is touched.
 */
#include "mm/zone.h"

static void block_link(struct zone *zone, struct page *page, unsigned order) REQUIRES(zone->lock)
{
	page->order = (u8)order;
	WRITE_ONCE(page->state, PAGE_FREE);
	list_add(&page->node, &zone->blocks[order]);
	zone->by_order[order]++;
}

static void block_unlink(struct zone *zone, struct page *page) REQUIRES(zone->lock)
{
	list_del(&page->node);
	zone->by_order[page->order]--;
}

static struct page *free_buddy(const struct page *page, unsigned order)
{
	const struct page_range *range = &page_ranges[page->range];
	u64 pfn = page_to_pfn(page) ^ BIT(order);
	struct page *buddy;

	if (pfn < range->start || pfn + BIT(order) > range->end)
		return NULL;
	buddy = pfn_to_page(pfn);
	if (READ_ONCE(buddy->state) != PAGE_FREE || buddy->order != order)
		return NULL;
	return buddy;
}

void zone_give(struct zone *zone, struct page *page, unsigned order)
{
	struct page *buddy;

	zone->free += BIT(order);
	while (order < MAX_ORDER && (buddy = free_buddy(page, order)) != NULL) {
		block_unlink(zone, buddy);
		WRITE_ONCE(MAX(page, buddy)->state, PAGE_TAIL);
		page = MIN(page, buddy);
		order++;
	}
	block_link(zone, page, order);
}

struct page *zone_take(struct zone *zone, unsigned order)
{
	unsigned from = order;
	struct page *page;

	while (from <= MAX_ORDER && list_empty(&zone->blocks[from]))
		from++;
	if (from > MAX_ORDER)
		return NULL;
	page = list_first(&zone->blocks[from], struct page, node);
	DEBUG_ASSERT(page->state == PAGE_FREE && page->order == from,
		     "page %#lx of order %u on the list of order %u is %s", page_to_pfn(page),
		     page->order, from, page_state_name(page->state));
	block_unlink(zone, page);
	while (from > order) {
		from--;
		block_link(zone, page + BIT(from), from);
	}
	page->order = (u8)order;
	WRITE_ONCE(page->state, PAGE_ALLOCATED);
	zone->free -= BIT(order);
	return page;
}
