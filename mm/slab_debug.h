/* SPDX-License-Identifier: MIT */
/*
 * mm/slab_debug.h - what debug builds add to each object; for slab.c and kmalloc.c.
 *
 * A slot of a cache:
 *
 *	release:  | object (a free one begins with the link) | padding |
 *	debug:	  | red zone | object | red zone, 8.. bytes | struct slab_tail | padding |
 *		  0	     offset   offset + size	      link
 */
#pragma once

#include "mm/slab.h"

#define SLAB_RED_LEFT  16 /* at least; as much as the alignment asks for */
#define SLAB_RED_RIGHT 8  /* at least */

enum slab_tail_state {
	SLAB_TAIL_FREE = 0x6f626a46,
	SLAB_TAIL_USED = 0x6f626a55,
};

/* [l] the cache's lock while the object is free; else by whoever allocates or frees it. */
struct slab_tail {
	void *next; /* the free list's link */
	const void *allocated_from, *freed_from;
	u32 state; /* enum slab_tail_state */
	u32 used;  /* bytes of the object that its holder asked for: the rest is red zone */
};

/* A slot of a new slab: free and intact. */
void slab_debug_init_slot(const struct kmem_cache *cache, void *slot);

/* The slot is about to be handed out: panic unless it is free and intact. */
void slab_debug_take(const struct kmem_cache *cache, void *slot, const void *caller);

/* The object is being freed: panic unless it is one of @slab's, in use and intact. */
void slab_debug_free(const struct kmem_cache *cache, struct page *slab, void *slot,
		     const void *caller);

/* The holder of the new @object asked for its first @used bytes only. */
void slab_debug_trim(const struct kmem_cache *cache, void *object, u32 used);

/* An object of @slab is in use though its cache is destroyed: panic, naming it. */
NORETURN void slab_debug_leak(const struct kmem_cache *cache, struct page *slab);
