/* SPDX-License-Identifier: MIT */
/*
 * mm/zone.h - the inside of the page allocator: for buddy.c and page_alloc.c,
 * which change it, and page_check.c, which looks whether it adds up.  Nobody else includes this.
 */
#pragma once

#include "arch/x86_64/percpu.h"
#include "arch/x86_64/spinlock.h"
#include "lib/lock_check.h"
#include "mm/page_alloc.h"

#define PCP_CAP	  64 /* pages on one CPU's stack of one zone */
#define PCP_BATCH 32 /* as many move at once between a stack and its zone */

struct zone {
	struct spinlock lock; /* rank LOCK_RANK_ZONE */
	enum zone_id id;
	u64 total;				      /* frames given to it; grows at boot only */
	u64 free GUARDED_BY(lock);		      /* frames on the lists below */
	u64 by_order[MAX_ORDER + 1] GUARDED_BY(lock); /* blocks on each list */
	struct list_node blocks[MAX_ORDER + 1] GUARDED_BY(lock); /* free blocks, by order */
};

/*
 * Free single pages of one CPU, the one freed last on top.  Its CPU alone changes it,
 * with interrupts off; others may read the count.
 */
struct page_stack {
	u32 count;
	struct page *pages[PCP_CAP];
};

struct page_stacks {
	struct page_stack zone[ZONE_COUNT];
};

extern struct zone zones[ZONE_COUNT];
DECLARE_PER_CPU(struct page_stacks, page_stacks);

/* The block becomes free, merged with what is free around it. */
void zone_give(struct zone *zone, struct page *page, unsigned order) REQUIRES(zone->lock);

/* A block in state PAGE_ALLOCATED, split off a larger one; NULL: none. */
struct page *zone_take(struct zone *zone, unsigned order) REQUIRES(zone->lock);
