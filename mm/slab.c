/* SPDX-License-Identifier: MIT */
/*
 * mm/slab.c - objects of one size, cut from blocks of pages.
 *
 * A slab is a block in state PAGE_SLAB, cut into slots of stride bytes; a free slot
 * holds, link bytes from its start, the address of the next free one.  The struct
 * page of its head says the rest.
 *
 * Invariants, under the cache's lock:
 *   - a slab is on partial if some of its slots are free and some in use, on full if
 *     none is free; if all are free it is the spare one or has left the cache;
 *   - in_use is the sum of slab_in_use of all slabs;
 *   - stride is 0 until the first allocation has laid the slots out.
 *
 * Locks: the page allocator is never called with a cache's lock held, so that the
 * pages of a slab are poisoned and checked without it.
 */
#include "lib/string.h"
#include "mm/page_alloc.h"
#include "mm/slab_debug.h"

#define SLAB_MAX_ORDER	 3 /* 32 KiB */
#define SLAB_MIN_OBJECTS 8 /* in a slab, unless SLAB_MAX_ORDER is too small for that */

/* Those that are known: the linker script's names, or those that ld gives by itself. */
extern struct kmem_cache __start_kmem_caches[], __stop_kmem_caches[];

static u64 fail_countdown; /* kmem_fail_after() */
static u64 all_in_use;	   /* debug builds: objects of all caches (atomic) */

/* --- layout ---------------------------------------------------------------------- */

static void place_object(struct kmem_cache *cache)
{
	if (!CONFIG_DEBUG) {
		cache->offset = 0;
		cache->link = 0;
		cache->stride = ALIGN_UP(MAX(cache->size, (u32)sizeof(void *)), cache->align);
		return;
	}
	cache->offset = MAX((u32)SLAB_RED_LEFT, cache->align);
	cache->link = (u32)ALIGN_UP(cache->offset + cache->size + SLAB_RED_RIGHT, sizeof(void *));
	cache->stride = (u32)ALIGN_UP(cache->link + sizeof(struct slab_tail), cache->align);
}

/* Called with the lock held, or before anyone else knows the cache. */
static void lay_out(struct kmem_cache *cache)
{
	u32 order = 0;

	cache->align = MAX(cache->align, (u32)sizeof(void *));
	ASSERT(cache->size > 0 && cache->align <= PAGE_SIZE &&
		       (cache->align & (cache->align - 1)) == 0,
	       "cache %s: objects of %u bytes, aligned to %u", cache->name, cache->size,
	       cache->align);
	place_object(cache);
	while (order < SLAB_MAX_ORDER && (PAGE_SIZE << order) / cache->stride < SLAB_MIN_OBJECTS)
		order++;
	cache->order = (u16)order;
	cache->per_slab = (u16)((PAGE_SIZE << order) / cache->stride);
	ASSERT(cache->per_slab > 0, "cache %s: objects of %u bytes are too large", cache->name,
	       cache->size);
}

static void **link_of(const struct kmem_cache *cache, void *slot)
{
	return (void **)(void *)((char *)slot + cache->link);
}

/* --- slabs ------------------------------------------------------------------------ */

/* The lock is held; @slab has a free slot and is on partial. */
static void *pop_slot(struct kmem_cache *cache, struct page *slab, const void *caller)
	REQUIRES(cache->lock)
{
	void *slot = slab->slab.free;

	if (CONFIG_DEBUG)
		slab_debug_take(cache, slot, caller);
	slab->slab.free = *link_of(cache, slot);
	slab->slab_in_use++;
	cache->in_use++;
	if (!slab->slab.free) {
		list_del(&slab->node);
		list_add(&slab->node, &cache->full);
	}
	return slot;
}

/* The lock is held.  Returns @slab if it is empty and not to be kept. */
static struct page *push_slot(struct kmem_cache *cache, struct page *slab, void *slot)
	REQUIRES(cache->lock)
{
	*link_of(cache, slot) = slab->slab.free;
	slab->slab.free = slot;
	slab->slab_in_use--;
	cache->in_use--;
	list_del(&slab->node);
	if (slab->slab_in_use > 0) {
		list_add(&slab->node, &cache->partial);
		return NULL;
	}
	if (!cache->spare) {
		WRITE_ONCE(cache->spare, slab);
		return NULL;
	}
	cache->slabs--;
	return slab;
}

/* The lock is held. */
static void *take_slot(struct kmem_cache *cache, const void *caller) REQUIRES(cache->lock)
{
	if (list_empty(&cache->partial)) {
		if (!cache->spare)
			return NULL;
		list_add(&cache->spare->node, &cache->partial);
		WRITE_ONCE(cache->spare, NULL);
	}
	return pop_slot(cache, list_first(&cache->partial, struct page, node), caller);
}

/* A slab that no list has yet; NULL: out of memory. */
static struct page *slab_create(struct kmem_cache *cache)
{
	struct page *slab = alloc_pages(ZONE_KERNEL, cache->order);
	char *slots;

	if (!slab)
		return NULL;
	slots = page_address(slab);
	slab->slab.cache = cache;
	slab->slab.free = NULL;
	slab->slab_in_use = 0;
	for (u32 i = cache->per_slab; i-- > 0;) {
		void *slot = slots + (u64)i * cache->stride;

		if (CONFIG_DEBUG)
			slab_debug_init_slot(cache, slot);
		*link_of(cache, slot) = slab->slab.free;
		slab->slab.free = slot;
	}
	WRITE_ONCE(slab->state, PAGE_SLAB);
	return slab;
}

/* No list has it, and all its slots are free. */
static void slab_destroy(struct page *slab)
{
	WRITE_ONCE(slab->state, PAGE_ALLOCATED);
	free_pages(slab, slab->order);
}

static void *alloc_from_new_slab(struct kmem_cache *cache, const void *caller)
{
	struct page *slab = slab_create(cache);
	void *slot;
	u64 flags;

	if (!slab)
		return NULL;
	flags = spin_lock_irqsave(&cache->lock);
	cache->slabs++;
	list_add(&slab->node, &cache->partial);
	slot = pop_slot(cache, slab, caller);
	spin_unlock_irqrestore(&cache->lock, flags);
	return slot;
}

/* --- the interface ------------------------------------------------------------------ */

void kmem_cache_init(struct kmem_cache *cache, const char *name, u32 size, u32 align)
{
	*cache = (struct kmem_cache)KMEM_CACHE_INIT(*cache, name, size, align);
}

static bool fails_for_test(void)
{
	return CONFIG_DEBUG && fail_countdown > 0 && --fail_countdown == 0;
}

static void count_objects(u64 n)
{
	if (CONFIG_DEBUG)
		__atomic_fetch_add(&all_in_use, n, __ATOMIC_RELAXED);
}

void *kmem_cache_alloc_from(struct kmem_cache *cache, const void *caller)
{
	void *slot;
	u64 flags;

	if (fails_for_test())
		return NULL;
	flags = spin_lock_irqsave(&cache->lock);
	if (cache->stride == 0)
		lay_out(cache);
	slot = take_slot(cache, caller);
	spin_unlock_irqrestore(&cache->lock, flags);
	if (!slot)
		slot = alloc_from_new_slab(cache, caller);
	if (!slot)
		return NULL;
	count_objects(1);
	return (char *)slot + cache->offset;
}

NOINLINE void *kmem_cache_alloc(struct kmem_cache *cache)
{
	return kmem_cache_alloc_from(cache, __builtin_return_address(0));
}

NOINLINE void *kmem_cache_zalloc(struct kmem_cache *cache)
{
	void *object = kmem_cache_alloc_from(cache, __builtin_return_address(0));

	return object ? memset(object, 0, cache->size) : NULL;
}

void kmem_cache_free_from(struct kmem_cache *cache, void *object, const void *caller)
{
	struct page *slab = page_head(virt_to_page(object));
	void *slot = (char *)object - cache->offset;
	struct page *unused;
	u64 flags;

	if (slab->state != PAGE_SLAB)
		panic("cache %s: free of %p from %p: its page %#lx is %s", cache->name, object,
		      caller, page_to_pfn(slab), page_state_name(slab->state));
	if (slab->slab.cache != cache)
		panic("cache %s: free of object %p from %p: it belongs to cache %s", cache->name,
		      object, caller, slab->slab.cache->name);
	flags = spin_lock_irqsave(&cache->lock);
	if (CONFIG_DEBUG)
		slab_debug_free(cache, slab, slot, caller);
	unused = push_slot(cache, slab, slot);
	spin_unlock_irqrestore(&cache->lock, flags);
	count_objects(-1ul);
	if (unused)
		slab_destroy(unused);
}

NOINLINE void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	kmem_cache_free_from(cache, object, __builtin_return_address(0));
}

void kmem_cache_shrink(struct kmem_cache *cache)
{
	u64 flags = spin_lock_irqsave(&cache->lock);
	struct page *slab = cache->spare;

	WRITE_ONCE(cache->spare, NULL);
	if (slab)
		cache->slabs--;
	spin_unlock_irqrestore(&cache->lock, flags);
	if (slab)
		slab_destroy(slab);
}

/* One that has no spare slab may not have been initialised yet. */
void kmem_shrink(void)
{
	for (struct kmem_cache *c = __start_kmem_caches; c != __stop_kmem_caches; c++)
		if (READ_ONCE(c->spare) != NULL)
			kmem_cache_shrink(c);
}

bool kmem_has_spare(void)
{
	for (struct kmem_cache *c = __start_kmem_caches; c != __stop_kmem_caches; c++)
		if (READ_ONCE(c->spare) != NULL)
			return true;
	return false;
}

/* Nobody uses the cache any more. */
static NORETURN NO_LOCK_CHECK void panic_in_use(const struct kmem_cache *cache)
{
	const struct list_node *slabs = list_empty(&cache->full) ? &cache->partial : &cache->full;

	if (CONFIG_DEBUG)
		slab_debug_leak(cache, list_first(slabs, struct page, node));
	panic("cache %s is destroyed with %lu objects in use", cache->name, cache->in_use);
}

NO_LOCK_CHECK void kmem_cache_destroy(struct kmem_cache *cache)
{
	kmem_cache_shrink(cache);
	if (cache->in_use > 0)
		panic_in_use(cache);
	ASSERT(cache->slabs == 0, "cache %s has %lu slabs and no object", cache->name,
	       cache->slabs);
}

void kmem_cache_stats(struct kmem_cache *cache, struct kmem_cache_stats *stats)
{
	u64 flags = spin_lock_irqsave(&cache->lock);

	stats->in_use = cache->in_use;
	stats->slabs = cache->slabs;
	stats->capacity = cache->slabs * cache->per_slab;
	stats->pages = cache->slabs << cache->order;
	spin_unlock_irqrestore(&cache->lock, flags);
}

u64 kmem_fail_after(u64 k)
{
	u64 left = fail_countdown;

	fail_countdown = k;
	return left;
}

u64 kmem_in_use(void)
{
	return __atomic_load_n(&all_in_use, __ATOMIC_RELAXED);
}
