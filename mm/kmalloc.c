/* SPDX-License-Identifier: MIT */
/*
 * mm/kmalloc.c - memory of any size: a cache for each size class, whole pages above.
 *
 * Classes grow by about half, so that at most a third of an object is waste.  A
 * piece of whole pages is a block in state PAGE_KMALLOC with its size in private[0];
 * debug builds fill what is left of a block, or of an object, with POISON_RED.
 */
#include "lib/string.h"
#include "mm/page_alloc.h"
#include "mm/poison.h"
#include "mm/slab_debug.h"

#define CLASS(index, bytes)                                                                        \
	[index] = KMEM_CACHE_INIT(classes[index], "kmalloc-" #bytes, bytes, KMALLOC_ALIGN)

/* Ascending sizes. */
static struct kmem_cache classes[] KMEM_KNOWN = {
	CLASS(0, 16),	 CLASS(1, 32),	  CLASS(2, 48),	   CLASS(3, 64),    CLASS(4, 96),
	CLASS(5, 128),	 CLASS(6, 192),	  CLASS(7, 256),   CLASS(8, 384),   CLASS(9, 512),
	CLASS(10, 768),	 CLASS(11, 1024), CLASS(12, 1536), CLASS(13, 2048), CLASS(14, 3072),
	CLASS(15, 4096), CLASS(16, 8192),
};

static struct kmem_cache *class_for(size_t size)
{
	for (u32 i = 0; i < ARRAY_SIZE(classes); i++)
		if (size <= classes[i].size)
			return &classes[i];
	return NULL;
}

static bool is_class(const struct kmem_cache *cache)
{
	return cache >= &classes[0] && cache < &classes[ARRAY_SIZE(classes)];
}

static void *alloc_large(size_t size)
{
	struct page *page;
	unsigned order;
	char *p;

	if (size > PAGE_SIZE << MAX_ORDER)
		return NULL;
	order = page_order_for(size);
	page = alloc_pages(ZONE_KERNEL, order);
	if (!page)
		return NULL;
	page->private[0] = size;
	WRITE_ONCE(page->state, PAGE_KMALLOC);
	p = page_address(page);
	if (CONFIG_DEBUG)
		poison_fill(p + size, (PAGE_SIZE << order) - size, POISON_RED);
	return p;
}

static void free_large(struct page *page, const char *p, const void *caller)
{
	const char *start = page_address(page);
	u64 size = page->private[0], room = PAGE_SIZE << page->order;
	const u8 *bad;

	if (p != start)
		panic("kfree of %p from %p: it is inside the piece at %p", p, caller, start);
	bad = CONFIG_DEBUG ? poison_find(start + size, room - size, POISON_RED) : NULL;
	if (bad)
		panic("kmalloc: the end of the piece at %p of %lu bytes is damaged: offset %ld is "
		      "%#x, expected %#x; freed from %p",
		      p, size, (long)(bad - (const u8 *)p), *bad, POISON_RED, caller);
	WRITE_ONCE(page->state, PAGE_ALLOCATED);
	free_pages(page, page->order);
}

static void *alloc_any(size_t size, const void *caller)
{
	struct kmem_cache *cache = class_for(size);
	void *object;

	if (size == 0)
		return NULL;
	if (!cache)
		return alloc_large(size);
	object = kmem_cache_alloc_from(cache, caller);
	if (CONFIG_DEBUG && object)
		slab_debug_trim(cache, object, (u32)size);
	return object;
}

NOINLINE void *kmalloc(size_t size)
{
	return alloc_any(size, __builtin_return_address(0));
}

NOINLINE void *kzalloc(size_t size)
{
	void *p = alloc_any(size, __builtin_return_address(0));

	return p ? memset(p, 0, size) : NULL;
}

NOINLINE void kfree(const void *p)
{
	const void *caller = __builtin_return_address(0);
	struct page *page;

	if (!p)
		return;
	page = page_head(virt_to_page(p));
	if (page->state == PAGE_KMALLOC) {
		free_large(page, p, caller);
		return;
	}
	if (page->state != PAGE_SLAB)
		panic("kfree of %p from %p: its page %#lx is %s", p, caller, page_to_pfn(page),
		      page_state_name(page->state));
	if (!is_class(page->slab.cache))
		panic("kfree of object %p from %p: it belongs to cache %s", p, caller,
		      page->slab.cache->name);
	kmem_cache_free_from(page->slab.cache, (void *)(u64)p, caller);
}
