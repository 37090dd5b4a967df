/* SPDX-License-Identifier: MIT */
/*
 * mm/page_alloc.c - single pages by way of a stack per CPU, larger blocks straight
 * from the buddies (mm/buddy.c), and which zone stands in for which.
 *
 * Invariants:
 *   - a page on a CPU's stack is PAGE_PCP, and to the buddies looks like an allocated
 *     one; only that CPU touches the stack, with interrupts off;
 *   - pages move between a stack and its zone, and the stack's count changes with
 *     them, under the zone's lock.
 *
 * Locks: one zone's at a time, and none is taken inside it.
 */
#include "arch/x86_64/irq.h"
#include "lib/err.h"
#include "lib/string.h"
#include "mm/poison.h"
#include "mm/zone.h"

/* ZONE_USER's requests leave this part of ZONE_KERNEL alone: 1/8. */
#define KERNEL_RESERVE_SHIFT 3

#define LOW_SHIFT 6 /* page_alloc_is_low(): 1/64 */

struct zone zones[ZONE_COUNT];
DEFINE_PER_CPU(struct page_stacks, page_stacks);

static bool user_zone_is_mapped; /* constant after page_alloc_init() */
static u64 fail_countdown;	 /* page_alloc_fail_after() */
static reclaim_fn reclaim;

/* --- single pages: this CPU's stacks; interrupts are off -------------------------- */

static struct page_stack *my_stack(const struct zone *zone) REQUIRES(irqs_off)
{
	return &this_cpu_ptr(&page_stacks)->zone[zone->id];
}

/* The count changes under the lock, so that page_alloc_stats() counts no page twice. */
static void stack_refill(struct zone *zone, struct page_stack *stack) REQUIRES(irqs_off)
{
	struct page *page;
	u32 count = stack->count;

	spin_lock(&zone->lock);
	while (count < PCP_BATCH && (page = zone_take(zone, 0)) != NULL) {
		WRITE_ONCE(page->state, PAGE_PCP);
		stack->pages[count++] = page;
	}
	WRITE_ONCE(stack->count, count);
	spin_unlock(&zone->lock);
}

/* Give the @n pages that have been there longest back. */
static void stack_drain(struct zone *zone, struct page_stack *stack, u32 n) REQUIRES(irqs_off)
{
	u32 left = stack->count - n;

	spin_lock(&zone->lock);
	WRITE_ONCE(stack->count, left);
	for (u32 i = 0; i < n; i++)
		zone_give(zone, stack->pages[i], 0);
	spin_unlock(&zone->lock);
	memmove(stack->pages, stack->pages + n, left * sizeof(stack->pages[0]));
}

/* The stack is not empty. */
static ALWAYS_INLINE struct page *take_top(struct page_stack *stack)
{
	u32 count = stack->count - 1;
	struct page *page = stack->pages[count];

	WRITE_ONCE(stack->count, count);
	DEBUG_ASSERT(page->state == PAGE_PCP, "page %#lx on a CPU's list is %s", page_to_pfn(page),
		     page_state_name(page->state));
	WRITE_ONCE(page->state, PAGE_ALLOCATED);
	return page;
}

static struct page *stack_pop(struct zone *zone)
{
	u64 flags = irq_save();
	struct page_stack *stack = my_stack(zone);
	struct page *page = NULL;

	if (stack->count == 0)
		stack_refill(zone, stack);
	if (stack->count > 0)
		page = take_top(stack);
	irq_restore(flags);
	return page;
}

static void stack_push(struct zone *zone, struct page *page)
{
	u64 flags = irq_save();
	struct page_stack *stack = my_stack(zone);

	if (stack->count == PCP_CAP)
		stack_drain(zone, stack, PCP_BATCH);
	WRITE_ONCE(page->state, PAGE_PCP);
	stack->pages[stack->count] = page;
	WRITE_ONCE(stack->count, stack->count + 1);
	irq_restore(flags);
}

void page_alloc_drain_cpu(u32 cpu)
{
	u64 flags = irq_save();

	ASSERT(cpu == cpu_id, "CPU %u drains the lists of CPU %u", cpu_id, cpu);
	for (u32 i = 0; i < ZONE_COUNT; i++) {
		struct page_stack *stack = my_stack(&zones[i]);

		if (stack->count > 0)
			stack_drain(&zones[i], stack, stack->count);
	}
	irq_restore(flags);
}

bool page_alloc_cpu_has(u32 cpu)
{
	const struct page_stacks *stacks = per_cpu_ptr(&page_stacks, cpu);

	return READ_ONCE(stacks->zone[ZONE_KERNEL].count) != 0 ||
	       (user_zone_is_mapped && READ_ONCE(stacks->zone[ZONE_USER].count) != 0);
}

/* --- allocation --------------------------------------------------------------------- */

/* A block, if as many as @reserve frames stay free. */
static struct page *take_above(struct zone *zone, unsigned order, u64 reserve)
{
	struct page *page = NULL;
	u64 flags = spin_lock_irqsave(&zone->lock);

	if (zone->free >= reserve + BIT(order))
		page = zone_take(zone, order);
	spin_unlock_irqrestore(&zone->lock, flags);
	return page;
}

/* The pages on this CPU's stack may be just what a larger block lacks. */
static struct page *take_after_drain(struct zone *zone, unsigned order)
{
	u64 flags = irq_save();
	struct page_stack *stack = my_stack(zone);
	struct page *page = NULL;

	if (stack->count > 0) {
		stack_drain(zone, stack, stack->count);
		page = take_above(zone, order, 0);
	}
	irq_restore(flags);
	return page;
}

static struct page *zone_alloc(struct zone *zone, unsigned order)
{
	struct page *page;

	if (order == 0)
		return stack_pop(zone);
	page = take_above(zone, order, 0);
	return page ? page : take_after_drain(zone, order);
}

static struct page *fallback_alloc(enum zone_id preferred, unsigned order)
{
	struct zone *kernel = &zones[ZONE_KERNEL];

	if (preferred == ZONE_USER)
		return take_above(kernel, order, kernel->total >> KERNEL_RESERVE_SHIFT);
	return user_zone_is_mapped ? zone_alloc(&zones[ZONE_USER], order) : NULL;
}

static bool fails_for_test(void)
{
	return CONFIG_DEBUG && fail_countdown > 0 && --fail_countdown == 0;
}

static struct page *alloc_anywhere(enum zone_id preferred, unsigned order)
{
	struct page *page = zone_alloc(&zones[preferred], order);

	return page ? page : fallback_alloc(preferred, order);
}

void page_alloc_set_reclaim(reclaim_fn fn)
{
	WRITE_ONCE(reclaim, fn);
}

static bool reclaim_for(enum zone_id preferred, unsigned order)
{
	reclaim_fn fn = READ_ONCE(reclaim);

	return preferred == ZONE_KERNEL && order <= RECLAIM_MAX_ORDER && fn != NULL && fn();
}

bool page_alloc_is_low(void)
{
	u64 total = 0, free = 0;

	for (u32 i = 0; i < ZONE_COUNT; i++) {
		if (i == ZONE_USER && !user_zone_is_mapped)
			continue;
		total += zones[i].total;
		free += READ_ONCE(zones[i].free);
	}
	return free < total >> LOW_SHIFT;
}

struct page *alloc_pages(enum zone_id preferred, unsigned order)
{
	struct page *page;

	ASSERT(preferred < ZONE_COUNT && order <= MAX_ORDER, "zone %u, order %u",
	       (unsigned)preferred, order);
	if (fails_for_test())
		return NULL;
	page = alloc_anywhere(preferred, order);
	if (!page && reclaim_for(preferred, order))
		page = alloc_anywhere(preferred, order);
	if (!page)
		return NULL;
	if (CONFIG_DEBUG)
		poison_check_block(page, order);
	__atomic_store_n(&page->refcount, 1, __ATOMIC_RELAXED);
	return page;
}

/* What is to fail for a test, alloc_pages() counts. */
struct page *page_alloc_pop(enum zone_id zone)
{
	struct page_stack *stack = my_stack(&zones[zone]);
	struct page *page;

	if (unlikely(stack->count == 0) || (CONFIG_DEBUG && fail_countdown > 0))
		return NULL;
	page = take_top(stack);
	if (CONFIG_DEBUG)
		poison_check_block(page, 0);
	WRITE_ONCE(page->refcount, 1); /* nobody else knows it */
	return page;
}

/* --- freeing ------------------------------------------------------------------------- */

static void check_free(const struct page *page, unsigned order)
{
	u64 pfn = page_to_pfn(page);

	if (CONFIG_DEBUG && !page_is_managed(pfn))
		panic("free of page %#lx, which is in no zone", pfn);
	if (page->state == PAGE_FREE || page->state == PAGE_PCP)
		panic("double free of page %#lx: it is %s", pfn, page_state_name(page->state));
	if (page->state != PAGE_ALLOCATED)
		panic("free of page %#lx, which is %s", pfn, page_state_name(page->state));
	if (page->order != order)
		panic("free of page %#lx with order %u: it was allocated with order %u", pfn, order,
		      page->order);
}

/* Nobody refers to it any more. */
static void free_block(struct page *page, unsigned order)
{
	struct zone *zone = &zones[page->zone];
	u64 flags;

	if (CONFIG_DEBUG)
		poison_block(page, order);
	if (order == 0) {
		stack_push(zone, page);
		return;
	}
	flags = spin_lock_irqsave(&zone->lock);
	zone_give(zone, page, order);
	spin_unlock_irqrestore(&zone->lock, flags);
}

void free_pages(struct page *page, unsigned order)
{
	u32 refs;

	check_free(page, order);
	refs = __atomic_exchange_n(&page->refcount, 0, __ATOMIC_ACQ_REL);
	ASSERT(refs == 1, "free of page %#lx with %u references", page_to_pfn(page), refs);
	free_block(page, order);
}

/* Drop a reference; true: it was the last one, and the block is the caller's to free. */
static bool drop_reference(struct page *page)
{
	u32 before = __atomic_fetch_sub(&page->refcount, 1, __ATOMIC_ACQ_REL);

	ASSERT(before > 0, "page %#lx, which is %s, has no reference to drop", page_to_pfn(page),
	       page_state_name(page->state));
	if (before == 1)
		check_free(page, page->order);
	return before == 1;
}

void put_page(struct page *page)
{
	if (drop_reference(page))
		free_block(page, page->order);
}

/* --- runs: blocks whose frames are counted one by one ---------------------------------- */

void page_split(struct page *block, unsigned order)
{
	struct zone *zone = &zones[block->zone];
	u64 flags;

	ASSERT(block->state == PAGE_ALLOCATED && block->order == order && block->refcount == 1,
	       "page %#lx, which is %s, of order %u, with %u references is split",
	       page_to_pfn(block), page_state_name(block->state), block->order, block->refcount);
	flags = spin_lock_irqsave(&zone->lock); /* page_alloc_check() sees a block, or frames */
	for (u64 i = 0; i < BIT(order); i++) {
		block[i].order = 0;
		block[i].refcount = 1;
		WRITE_ONCE(block[i].state, PAGE_ALLOCATED);
	}
	spin_unlock_irqrestore(&zone->lock, flags);
}

/* Nobody refers to any frame of the run: they are a block again, and free. */
static void free_run(struct page *first, unsigned order)
{
	struct zone *zone = &zones[first->zone];
	u64 flags;

	if (CONFIG_DEBUG)
		poison_block(first, order);
	flags = spin_lock_irqsave(&zone->lock);
	for (u64 i = 1; i < BIT(order); i++)
		WRITE_ONCE(first[i].state, PAGE_TAIL);
	zone_give(zone, first, order);
	spin_unlock_irqrestore(&zone->lock, flags);
}

void put_page_run(struct page *first, unsigned order)
{
	u64 n = 0;

	if (order == 0) {
		put_page(first);
		return;
	}
	/* As long as each was the last reference, the frames wait: they may be a block again. */
	while (n < BIT(order) && drop_reference(first + n))
		n++;
	if (n == BIT(order)) {
		free_run(first, order);
		return;
	}
	for (u64 i = 0; i < n; i++)
		free_block(first + i, 0);
	for (u64 i = n + 1; i < BIT(order); i++)
		put_page(first + i);
}

/* --- setting up ------------------------------------------------------------------------ */

void page_alloc_init(bool user_mapped)
{
	static const char *const names[ZONE_COUNT] = { "zone kernel", "zone user" };

	user_zone_is_mapped = user_mapped;
	reclaim = NULL;
	page_range_count = 0;
	for (u32 i = 0; i < ZONE_COUNT; i++) {
		zones[i] = (struct zone){ .id = (enum zone_id)i };
		spin_init(&zones[i].lock, names[i], LOCK_RANK_ZONE);
		for (unsigned order = 0; order <= MAX_ORDER; order++)
			list_init(&zones[i].blocks[order]);
	}
}

/* The largest order of a block that starts at @pfn and ends before @end. */
static unsigned largest_order(u64 pfn, u64 end)
{
	unsigned order = 0;

	while (order < MAX_ORDER && IS_ALIGNED(pfn, BIT(order + 1)) && pfn + BIT(order + 1) <= end)
		order++;
	return order;
}

int page_alloc_add_range(enum zone_id zone, paddr_t start, paddr_t end)
{
	struct zone *z = &zones[zone];
	u64 pfn = ALIGN_UP(start, PAGE_SIZE) >> PAGE_SHIFT;
	u64 last = end >> PAGE_SHIFT;
	u64 flags;
	int index;

	ASSERT(percpu_offset[cpu_id] != 0, "CPU %u has no shared per-CPU address yet", cpu_id);
	index = page_range_add(zone, pfn, last);
	if (index < 0)
		return index;
	flags = spin_lock_irqsave(&z->lock);
	z->total += last - pfn;
	while (pfn < last) {
		unsigned order = largest_order(pfn, last);

		zone_give(z, pfn_to_page(pfn), order);
		pfn += BIT(order);
	}
	spin_unlock_irqrestore(&z->lock, flags);
	return 0;
}

bool page_is_mapped(const struct page *page)
{
	return page->zone == ZONE_KERNEL || user_zone_is_mapped;
}

u64 page_alloc_fail_after(u64 k)
{
	u64 left = fail_countdown;

	fail_countdown = k;
	return left;
}
