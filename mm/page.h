/* SPDX-License-Identifier: MIT */
/*
 * mm/page.h - struct page: what the kernel knows about one 4 KiB frame of RAM.
 *
 * The structs form one virtually contiguous array at PAGES_BASE, indexed by the
 * frame's number (pfn).  Whoever sets up the kernel's address space maps zeroed
 * memory there for all RAM; the array has holes where physical memory has, so a
 * struct page may be touched only if its frame is RAM (page_is_managed() tells for
 * any pfn, without touching it).
 *
 * The frames that page_alloc manages lie in ranges.  A range consists of blocks,
 * each 2^order frames, aligned to its size.  The first frame of a block is its head,
 * and the head's state and order speak for the block; all others are PAGE_TAIL.  So
 * a frame's head is found by rounding its pfn down by ever larger powers of two:
 * the first that is no tail is the head.
 *
 * Who may touch a member:
 *	[I] constant after page_range_add()
 *	[z] under the zone's lock while the block is free; else by whoever holds the block
 *	[h] by whoever holds the block (has allocated it)
 *	[a] atomic operations
 */
#pragma once

#include "arch/x86_64/layout.h"
#include "lib/list.h"

#define MAX_ORDER	18 /* 1 GiB: what one top-level-but-one entry of a page table maps */
#define MAX_PAGE_RANGES 512

enum zone_id {
	ZONE_KERNEL, /* always in the direct map */
	ZONE_USER,   /* in the direct map with physmap=all only; else by kmap_local_page() */
	ZONE_COUNT,
};

enum page_state {
	PAGE_RESERVED,	/* not the allocator's: what a zeroed struct page says */
	PAGE_TAIL,	/* inside a block: its head says the rest */
	PAGE_FREE,	/* on its zone's free list of its order */
	PAGE_PCP,	/* free, on a CPU's list */
	PAGE_ALLOCATED, /* somebody's */
	PAGE_SLAB,	/* holds objects of the cache in slab.cache */
	PAGE_KMALLOC,	/* one kmalloc() too big for a slab, its size in private[0] */
};

struct kmem_cache;

struct page {
	struct list_node node; /* [z] free list; slab: its cache's lists; else the holder's */
	u32 refcount;	       /* [a] 1 after allocation; the block is freed when it reaches 0 */
	u8 state;	       /* [z] enum page_state */
	u8 order;	       /* [z] head: the block is 2^order frames */
	u8 zone;	       /* [I] enum zone_id */
	u8 poisoned;	       /* [z] debug: the frame is filled with POISON_PAGE */
	union {
		u64 private[2]; /* [h] the holder's, whatever it is for */
		struct {
			struct kmem_cache *cache; /* [h] constant while this is a slab */
			void *free;		  /* cache's lock: the first free object's slot */
		} slab;
	};
	u16 range;	 /* [I] index into page_ranges */
	u16 slab_in_use; /* cache's lock: objects handed out */
	u32 reserved;
};

STATIC_ASSERT(sizeof(struct page) == 48, "the array costs 48 bytes a frame");

/* Frames [start, end), all RAM of one zone.  Only ever added. */
struct page_range {
	u64 start, end; /* pfn */
	enum zone_id zone;
};

extern struct page_range page_ranges[MAX_PAGE_RANGES];
extern u32 page_range_count;

static inline struct page *pfn_to_page(u64 pfn)
{
	return (struct page *)PAGES_BASE + pfn;
}

static inline u64 page_to_pfn(const struct page *page)
{
	return (u64)(page - (const struct page *)PAGES_BASE);
}

static inline paddr_t page_to_phys(const struct page *page)
{
	return page_to_pfn(page) << PAGE_SHIFT;
}

static inline struct page *phys_to_page(paddr_t pa)
{
	return pfn_to_page(pa >> PAGE_SHIFT);
}

/* The page's address in the direct map; page_is_mapped() must be true of it. */
static inline void *page_address(const struct page *page)
{
	return phys_to_virt(page_to_phys(page));
}

/* @p is an address in the direct map. */
static inline struct page *virt_to_page(const void *p)
{
	return phys_to_page(virt_to_phys(p));
}

/* The order of the smallest block that holds @bytes (at least 1). */
static inline unsigned page_order_for(u64 bytes)
{
	unsigned order = 0;

	while ((PAGE_SIZE << order) < bytes)
		order++;
	return order;
}

/* Is the frame in a range of the allocator's?  Any pfn may be asked. */
bool page_is_managed(u64 pfn);

/* The head of the block that @page is in; the caller holds that block. */
struct page *page_head(struct page *page);

/* "free", "slab" and so on, for messages. */
const char *page_state_name(enum page_state state);

/*
 * Tell the frames [start, end) their zone and range, all as tails, with nobody's
 * blocks yet: for page_alloc_add_range() only.  Returns the range's index or
 * -EINVAL (empty, or overlaps a range) or -ENOSPC (MAX_PAGE_RANGES).
 */
int page_range_add(enum zone_id zone, u64 start, u64 end);

/* Another reference to an allocated block, by its head. */
static inline void get_page(struct page *page)
{
	u32 before = __atomic_fetch_add(&page->refcount, 1, __ATOMIC_RELAXED);

	DEBUG_ASSERT(before != 0, "reference to free page %#lx", page_to_pfn(page));
}

/* Drop a reference; the last one frees the block (mm/page_alloc.c). */
void put_page(struct page *page);
