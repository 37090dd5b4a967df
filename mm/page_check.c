/* SPDX-License-Identifier: MIT */
/*
 * mm/page_check.c - does the page allocator add up?
 *
 * Three views of a zone must agree: its counters, its free lists, and its frames,
 * read block by block.  With the zone's lock held no block is split or merged;
 * single pages may still move between "allocated" and a CPU's stack, so those two
 * are compared as a sum.
 */
#include "arch/x86_64/irq.h"
#include "mm/zone.h"

/* What a walk over the frames has found. */
struct tally {
	u64 free, pcp, allocated; /* frames */
	u64 by_order[MAX_ORDER + 1];
};

/* A CPU without a shared per-CPU address has not run yet. */
static u64 pages_on_stacks(enum zone_id zone)
{
	u64 count = 0;

	for (u32 cpu = 0; cpu < MAX_CPUS; cpu++)
		if (percpu_offset[cpu] != 0)
			count += READ_ONCE(per_cpu_ptr(&page_stacks, cpu)->zone[zone].count);
	return count;
}

void page_alloc_stats(enum zone_id zone, struct page_alloc_stats *stats)
{
	struct zone *z = &zones[zone];
	u64 flags = spin_lock_irqsave(&z->lock);

	stats->total = z->total;
	stats->free = z->free;
	stats->pcp = pages_on_stacks(zone);
	stats->allocated = stats->total - stats->free - stats->pcp;
	for (unsigned order = 0; order <= MAX_ORDER; order++)
		stats->by_order[order] = z->by_order[order];
	spin_unlock_irqrestore(&z->lock, flags);
}

/* Count the block at @pfn; returns the frame behind it. */
static u64 check_block(u64 pfn, const struct page_range *range, struct tally *tally)
{
	const struct page *head = pfn_to_page(pfn);
	unsigned order = head->order;
	enum page_state state = READ_ONCE(head->state);
	u64 next = pfn + BIT(order);

	ASSERT(state != PAGE_TAIL && state != PAGE_RESERVED, "page %#lx begins a block but is %s",
	       pfn, page_state_name(state));
	ASSERT(order <= MAX_ORDER && IS_ALIGNED(pfn, BIT(order)) && next <= range->end,
	       "page %#lx cannot have order %u: its range ends at %#lx", pfn, order, range->end);
	ASSERT(head->zone == range->zone, "page %#lx says zone %u, its range %u", pfn, head->zone,
	       (unsigned)range->zone);
	for (u64 tail = pfn + 1; tail < next; tail++)
		ASSERT(pfn_to_page(tail)->state == PAGE_TAIL, "page %#lx is %s inside block %#lx",
		       tail, page_state_name(pfn_to_page(tail)->state), pfn);
	if (state == PAGE_FREE) {
		tally->free += BIT(order);
		tally->by_order[order]++;
	} else if (state == PAGE_PCP) {
		tally->pcp += BIT(order);
	} else {
		tally->allocated += BIT(order);
	}
	return next;
}

static void check_list(const struct zone *zone, unsigned order) REQUIRES(zone->lock)
{
	struct page *page;
	u64 length = 0;

	list_for_each_entry (page, &zone->blocks[order], node) {
		ASSERT(page->state == PAGE_FREE && page->order == order && page->zone == zone->id,
		       "page %#lx of zone %u, order %u is %s, on the list of zone %u, order %u",
		       page_to_pfn(page), page->zone, page->order, page_state_name(page->state),
		       (unsigned)zone->id, order);
		length++;
		ASSERT(length <= zone->by_order[order], "list of order %u: more than %lu blocks",
		       order, zone->by_order[order]);
	}
	ASSERT(length == zone->by_order[order], "list of order %u: %lu blocks, counted %lu", order,
	       length, zone->by_order[order]);
}

static void check_my_stack(const struct zone *zone, const struct tally *tally)
{
	const struct page_stack *stack = &this_cpu_ptr(&page_stacks)->zone[zone->id];

	ASSERT(stack->count <= PCP_CAP && stack->count <= tally->pcp,
	       "CPU %u's list has %u pages, %lu are on such lists", cpu_id, stack->count,
	       tally->pcp);
	for (u32 i = 0; i < stack->count; i++)
		ASSERT(stack->pages[i]->state == PAGE_PCP && stack->pages[i]->zone == zone->id,
		       "page %#lx of zone %u on CPU %u's list of zone %u is %s",
		       page_to_pfn(stack->pages[i]), stack->pages[i]->zone, cpu_id,
		       (unsigned)zone->id, page_state_name(stack->pages[i]->state));
}

/* The zone's lock is held. */
static void check_zone(const struct zone *zone) REQUIRES(zone->lock)
{
	struct tally tally = { 0 };

	for (u32 i = 0; i < page_range_count; i++) {
		const struct page_range *range = &page_ranges[i];

		if (range->zone != zone->id)
			continue;
		for (u64 pfn = range->start; pfn < range->end;)
			pfn = check_block(pfn, range, &tally);
	}
	for (unsigned order = 0; order <= MAX_ORDER; order++) {
		check_list(zone, order);
		ASSERT(tally.by_order[order] == zone->by_order[order],
		       "order %u: %lu free blocks found, %lu counted", order, tally.by_order[order],
		       zone->by_order[order]);
	}
	ASSERT(tally.free == zone->free, "%lu frames are free, %lu counted", tally.free,
	       zone->free);
	ASSERT(tally.free + tally.pcp + tally.allocated == zone->total,
	       "%lu free + %lu on CPUs' lists + %lu allocated, of %lu", tally.free, tally.pcp,
	       tally.allocated, zone->total);
	check_my_stack(zone, &tally);
}

void page_alloc_check(void)
{
	if (!CONFIG_DEBUG)
		return;
	for (u32 i = 0; i < ZONE_COUNT; i++) {
		u64 flags = spin_lock_irqsave(&zones[i].lock);

		check_zone(&zones[i]);
		spin_unlock_irqrestore(&zones[i].lock, flags);
	}
}
