/* SPDX-License-Identifier: MIT */
/*
 * mm/slab.h - kernel objects smaller than (or not much larger than) a page.
 *
 *	static KMEM_CACHE(thread_cache, "thread", sizeof(struct thread), 64);
 *	struct thread *t = kmem_cache_alloc(&thread_cache);	NULL: out of memory
 *	kmem_cache_free(&thread_cache, t);
 *
 * A cache hands out objects of one size, cut from slabs: blocks of ZONE_KERNEL pages
 * that hold nothing but objects.  What there is to know about a slab is in the struct
 * page of its head.  A cache keeps one empty slab; further ones go back to the page
 * allocator.  kmalloc() is a set of caches, one for each size class.  Caches that are known
 * live for ever, and give their empty slabs back together.
 *
 * Debug builds surround each object with red zones, poison it while it is free, and
 * remember who allocated and freed it; what is found damaged at an allocation or a
 * free is a panic that names cache, object, offset, byte and call sites.
 *
 * Context: any but NMI and #MC; nothing here sleeps.
 */
#pragma once

#include "arch/x86_64/spinlock.h"
#include "lib/lock_check.h"
#include "mm/page.h"

#define KMALLOC_MIN	   16
#define KMALLOC_MAX_CACHED 8192 /* what is larger is whole pages */
#define KMALLOC_ALIGN	   16
#define KMEM_CACHE_ALIGN   64 /* no compiler puts more between two variables of a section */

/* [I]: constant after initialisation.  [g]: written once, under lock. */
struct kmem_cache {
	struct spinlock lock; /* rank LOCK_RANK_SLAB */
	const char *name;     /* [I] */
	u32 size;	      /* [I] bytes of an object, as asked for */
	u32 align;	      /* [g] of an object, a power of two up to a page */
	u32 stride;	      /* [g] bytes from one slot to the next; 0: not laid out yet */
	u32 offset;	      /* [g] of the object in its slot: the left red zone's size */
	u32 link;	      /* [g] offset in a free slot of the pointer to the next one */
	u16 per_slab;	      /* [g] objects in a slab */
	u16 order;	      /* [g] of a slab's block */
	/* An empty slab, on no list; or NULL.  Any may look whether there is one. */
	struct page *spare GUARDED_BY(lock);
	struct list_node partial GUARDED_BY(lock); /* slabs with objects in use and free ones */
	struct list_node full GUARDED_BY(lock);	   /* slabs with no free object */
	u64 in_use GUARDED_BY(lock);		   /* objects handed out */
	u64 slabs GUARDED_BY(lock);		   /* slabs, the spare one included */
} ALIGNED(KMEM_CACHE_ALIGN);

#define KMEM_CACHE_INIT(var, cache_name, object_size, object_align)                                \
	{                                                                                          \
		.lock = SPINLOCK_INIT(cache_name, LOCK_RANK_SLAB), .name = (cache_name),           \
		.size = (object_size), .align = (object_align),                                    \
		.partial = LIST_INIT((var).partial), .full = LIST_INIT((var).full),                \
	}

/* Behind a variable: an array of all of them is made when the program is linked. */
#define KMEM_KNOWN SECTION("kmem_caches")

#define KMEM_CACHE(var, cache_name, object_size, object_align)                                     \
	struct kmem_cache var KMEM_KNOWN =                                                         \
		KMEM_CACHE_INIT(var, cache_name, object_size, object_align)

struct kmem_cache_stats {
	u64 in_use;   /* objects handed out */
	u64 capacity; /* objects that the slabs hold, free or not */
	u64 slabs;
	u64 pages; /* frames of all slabs */
};

/* @name is kept.  @align: a power of two up to a page; 0: 8. */
void kmem_cache_init(struct kmem_cache *cache, const char *name, u32 size, u32 align);

/* An object, its contents undefined; NULL: out of memory. */
void *kmem_cache_alloc(struct kmem_cache *cache) WARN_UNUSED_RESULT;

/* An object filled with 0; NULL: out of memory. */
void *kmem_cache_zalloc(struct kmem_cache *cache) WARN_UNUSED_RESULT;

/* @object came from this cache; NULL is not allowed. */
void kmem_cache_free(struct kmem_cache *cache, void *object);

/*
 * The same, for allocators built on caches: @caller is what debug builds remember as
 * the place of the allocation or the free.
 */
void *kmem_cache_alloc_from(struct kmem_cache *cache, const void *caller) WARN_UNUSED_RESULT;
void kmem_cache_free_from(struct kmem_cache *cache, void *object, const void *caller);

/* Give the empty slab back to the page allocator. */
void kmem_cache_shrink(struct kmem_cache *cache);

/* The same for all caches that are known. */
void kmem_shrink(void);

/* Would that free anything?  Of the moment; takes no lock. */
bool kmem_has_spare(void);

/* All objects have been freed (else a panic that names one of them). */
void kmem_cache_destroy(struct kmem_cache *cache);

void kmem_cache_stats(struct kmem_cache *cache, struct kmem_cache_stats *stats);

/*
 * @size bytes, aligned to KMALLOC_ALIGN (to a page if larger than KMALLOC_MAX_CACHED);
 * NULL: out of memory, or @size is 0 or more than a block of MAX_ORDER.
 */
void *kmalloc(size_t size) WARN_UNUSED_RESULT;
void *kzalloc(size_t size) WARN_UNUSED_RESULT;

/* @p came from kmalloc() or kzalloc(), or is NULL. */
void kfree(const void *p);

/*
 * For tests of running out of memory, in debug builds: as page_alloc_fail_after(), for
 * objects, whether or not their cache has a free one.
 */
u64 kmem_fail_after(u64 k);

/* The same: how many objects of all caches are in use, while nobody allocates or frees. */
u64 kmem_in_use(void);
