/* SPDX-License-Identifier: MIT */
/*
 * mm/slab_debug.c - red zones, poison and call sites around slab objects.
 *
 * Invariant: while an object is free, its red zones hold POISON_RED, the object
 * POISON_FREE and its tail SLAB_TAIL_FREE; while it is in use the first and last
 * of these hold with SLAB_TAIL_USED.
 */
#include "mm/poison.h"
#include "mm/slab_debug.h"

static struct slab_tail *tail_of(const struct kmem_cache *cache, void *slot)
{
	return (void *)((char *)slot + cache->link);
}

static void *object_of(const struct kmem_cache *cache, void *slot)
{
	return (char *)slot + cache->offset;
}

/* Offsets in the message count from the object; those left of it are negative. */
static void check_bytes(const struct kmem_cache *cache, void *slot, u32 from, u32 to, u8 expected,
			const char *what)
{
	const struct slab_tail *tail = tail_of(cache, slot);
	const u8 *start = slot;
	const u8 *bad = poison_find(start + from, to - from, expected);

	if (!bad)
		return;
	panic("cache %s: %s of object %p is damaged: offset %ld is %#x, expected %#x; "
	      "allocated from %p, freed from %p",
	      cache->name, what, object_of(cache, slot), (long)(bad - start) - (long)cache->offset,
	      *bad, expected, tail->allocated_from, tail->freed_from);
}

/* A tail that was overrun may say anything; the red zone before it then tells. */
static void check_red_zones(const struct kmem_cache *cache, void *slot)
{
	u32 used = MIN(tail_of(cache, slot)->used, cache->size);

	check_bytes(cache, slot, 0, cache->offset, POISON_RED, "left red zone");
	check_bytes(cache, slot, cache->offset + used, cache->link, POISON_RED, "right red zone");
}

void slab_debug_init_slot(const struct kmem_cache *cache, void *slot)
{
	struct slab_tail *tail = tail_of(cache, slot);

	poison_fill(slot, cache->link, POISON_RED);
	poison_fill(object_of(cache, slot), cache->size, POISON_FREE);
	*tail = (struct slab_tail){ .state = SLAB_TAIL_FREE, .used = cache->size };
}

void slab_debug_take(const struct kmem_cache *cache, void *slot, const void *caller)
{
	struct slab_tail *tail = tail_of(cache, slot);

	check_red_zones(cache, slot);
	check_bytes(cache, slot, cache->offset, cache->offset + cache->size, POISON_FREE,
		    "free memory");
	if (tail->state != SLAB_TAIL_FREE)
		panic("cache %s: free object %p: the word behind its red zone is %#x", cache->name,
		      object_of(cache, slot), tail->state);
	tail->state = SLAB_TAIL_USED;
	tail->allocated_from = caller;
	poison_fill(object_of(cache, slot), cache->size, POISON_NEW);
}

static void check_place(const struct kmem_cache *cache, struct page *slab, void *slot)
{
	u64 offset = (u64)((char *)slot - (char *)page_address(slab));

	if (offset % cache->stride != 0 || offset / cache->stride >= cache->per_slab)
		panic("cache %s: free of %p, which is not the start of an object: slab %p, "
		      "%u bytes a slot",
		      cache->name, object_of(cache, slot), page_address(slab), cache->stride);
}

void slab_debug_free(const struct kmem_cache *cache, struct page *slab, void *slot,
		     const void *caller)
{
	struct slab_tail *tail = tail_of(cache, slot);

	check_place(cache, slab, slot);
	check_red_zones(cache, slot);
	if (tail->state == SLAB_TAIL_FREE)
		panic("cache %s: double free of object %p from %p; allocated from %p, freed from "
		      "%p",
		      cache->name, object_of(cache, slot), caller, tail->allocated_from,
		      tail->freed_from);
	if (tail->state != SLAB_TAIL_USED)
		panic("cache %s: object %p: the word behind its red zone is %#x; allocated from "
		      "%p",
		      cache->name, object_of(cache, slot), tail->state, tail->allocated_from);
	tail->state = SLAB_TAIL_FREE;
	tail->used = cache->size;
	tail->freed_from = caller;
	poison_fill(object_of(cache, slot), cache->size, POISON_FREE);
}

void slab_debug_trim(const struct kmem_cache *cache, void *object, u32 used)
{
	void *slot = (char *)object - cache->offset;

	tail_of(cache, slot)->used = used;
	poison_fill((char *)object + used, cache->size - used, POISON_RED);
}

NO_LOCK_CHECK void slab_debug_leak(const struct kmem_cache *cache, struct page *slab)
{
	for (u32 i = 0; i < cache->per_slab; i++) {
		void *slot = (char *)page_address(slab) + (u64)i * cache->stride;

		if (tail_of(cache, slot)->state == SLAB_TAIL_USED)
			panic("cache %s is destroyed with %lu objects in use; "
			      "%p was allocated from %p",
			      cache->name, cache->in_use, object_of(cache, slot),
			      tail_of(cache, slot)->allocated_from);
	}
	panic("cache %s: the slab at %p counts %u objects in use, none says so", cache->name,
	      page_address(slab), slab->slab_in_use);
}
