/* SPDX-License-Identifier: MIT */
/*
 * mm/page_alloc.h - the page allocator: blocks of 2^order frames, from two zones.
 *
 * ZONE_KERNEL is always in the direct map and takes the kernel's own memory;
 * ZONE_USER takes the users'.  A block of an allocation for ZONE_KERNEL may come
 * from ZONE_USER only if the direct map covers that too.  One for ZONE_USER may
 * come from ZONE_KERNEL as long as an eighth of that remains free.
 *
 * Single pages pass through a small stack per CPU and zone, so that the zone's lock
 * is taken once in a batch.  Those pages count as free, but another CPU's stack is
 * not searched when memory runs out.
 *
 * Context: any but NMI and #MC; nothing here sleeps.  Interrupts may be off or on.
 * The contents of an allocated block are undefined (debug builds: POISON_PAGE).
 */
#pragma once

#include "lib/lock_check.h"
#include "mm/page.h"

struct page_alloc_stats {
	u64 total;		     /* frames of the zone; the sum of the next three */
	u64 free;		     /* on the zone's free lists */
	u64 pcp;		     /* free, on the CPUs' stacks */
	u64 allocated;		     /* somebody's */
	u64 by_order[MAX_ORDER + 1]; /* free blocks of each order; free is their sum in frames */
};

/*
 * First call, once.  @user_mapped: the direct map covers ZONE_USER (physmap=all).
 * Requires this CPU's percpu_offset[] entry.
 */
void page_alloc_init(bool user_mapped);

/*
 * Give the RAM [start, end) to @zone, free; partial pages at the ends are left out.
 * Its part of the page array is mapped and zeroed.  -EINVAL: no whole page, or
 * overlaps what was given before; -ENOSPC: MAX_PAGE_RANGES.  One caller at a time.
 */
int page_alloc_add_range(enum zone_id zone, paddr_t start, paddr_t end);

/* A block of 2^order frames, aligned to its size, refcount 1; NULL: out of memory. */
struct page *alloc_pages(enum zone_id preferred, unsigned order) WARN_UNUSED_RESULT;

/*
 * Fewer than 1/64 of the frames that ZONE_KERNEL's requests may have are free: who wants
 * one for a cache does without.
 */
bool page_alloc_is_low(void);

/*
 * Who can make memory free: called when an allocation of up to 2^RECLAIM_MAX_ORDER frames
 * for ZONE_KERNEL is about to fail, in whatever context that is.  True: it is worth trying
 * once more.  NULL: nobody.
 */
#define RECLAIM_MAX_ORDER 3u
typedef bool (*reclaim_fn)(void);
void page_alloc_set_reclaim(reclaim_fn fn);

/* Free what alloc_pages() returned, of the same order; the caller has the only reference. */
void free_pages(struct page *page, unsigned order);

/*
 * A page of this CPU's stack, as alloc_page() would give; NULL: there is none, which says nothing
 * of others.  No lock is taken.
 */
struct page *page_alloc_pop(enum zone_id zone) REQUIRES(irqs_off) WARN_UNUSED_RESULT;

static inline WARN_UNUSED_RESULT struct page *alloc_page(enum zone_id preferred)
{
	return alloc_pages(preferred, 0);
}

static inline void free_page(struct page *page)
{
	free_pages(page, 0);
}

/*
 * A block that alloc_pages() has just returned becomes 2^@order blocks of one frame, each
 * allocated, each with one reference.
 */
void page_split(struct page *block, unsigned order);

/*
 * Drop a reference to each of the 2^@order frames from @first on, aligned as a block of
 * that order, that page_split() made.  If all of them were the last ones the frames are
 * one block again, else those whose last it was are freed one by one.
 */
void put_page_run(struct page *first, unsigned order);

/* Does the direct map cover it?  Fixed by page_alloc_init(). */
bool page_is_mapped(const struct page *page);

/* Give the pages of this CPU's stacks back to their zones.  @cpu must be this CPU. */
void page_alloc_drain_cpu(u32 cpu);

/*
 * Would that give anything back that an allocation for ZONE_KERNEL may have?  Any CPU may
 * ask, about one that has run; of the moment.
 */
bool page_alloc_cpu_has(u32 cpu);

/* Counts of one moment; with other CPUs at work pcp and allocated are approximate. */
void page_alloc_stats(enum zone_id zone, struct page_alloc_stats *stats);

/*
 * Walk every block of every zone and panic if anything does not add up.  Debug builds
 * only (elsewhere it returns at once); slow, with interrupts off for each zone's walk.
 */
void page_alloc_check(void);

/*
 * For tests of running out of memory, in debug builds: the @k-th allocation from now
 * returns NULL (1: the next one; 0: none).  Returns what was left of the last count,
 * 0 if that failure has happened.
 */
u64 page_alloc_fail_after(u64 k);
