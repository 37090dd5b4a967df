/* SPDX-License-Identifier: MIT */
/*
 * mm/object.c - sparse arrays of pages, in two levels.
 *
 * The directory has a pointer for each LEAF_PAGES pages, to a leaf: a page of ZONE_KERNEL
 * with a pointer for each of those.  Both are NULL until a page below them is asked for;
 * a pointer that is not NULL stays as it is until the object dies.
 *
 * So they are read without the lock; a page is put into a leaf by compare-and-exchange.
 *
 * Memory is allocated and zeroed before, because zeroing takes long; what somebody else has
 * put in by then is used instead, and ours goes back.
 */
#include "arch/x86_64/spinlock.h"
#include "lib/err.h"
#include "lib/string.h"
#include "mm/budget.h"
#include "mm/object.h"
#include "mm/page_alloc.h"
#include "mm/page_zero.h"
#include "mm/slab.h"

#define LEAF_PAGES (PAGE_SIZE / sizeof(struct page *))

struct leaf {
	struct page *pages[LEAF_PAGES];
};

STATIC_ASSERT(sizeof(struct leaf) == PAGE_SIZE, "a leaf is a page");

/* [I]: constant.  [a]: atomic operations. */
struct object {
	struct spinlock lock;	 /* rank LOCK_RANK_OBJECT: who hangs a leaf into the directory */
	u32 refcount;		 /* [a] */
	u64 pages;		 /* [I] */
	struct leaf **directory; /* [I]; NULL: a device's */
	struct budget *budget;	 /* [I] held; NULL: no limit */
	pte_t device;		 /* [I] a device's: its first page, and how it is cached */
	void (*ended)(void);	 /* [I] a device's: to be called at the end */
};

static KMEM_CACHE(object_cache, "object", sizeof(struct object), 0);

static u64 leaf_count(const struct object *object)
{
	return DIV_ROUND_UP(object->pages, LEAF_PAGES);
}

/* Without anything behind it. */
static struct object *new_object(u64 pages)
{
	struct object *object;

	if (pages == 0 || pages > OBJECT_MAX_PAGES)
		return NULL;
	object = kmem_cache_zalloc(&object_cache);
	if (!object)
		return NULL;
	spin_init(&object->lock, "object", LOCK_RANK_OBJECT);
	object->refcount = 1;
	object->pages = pages;
	return object;
}

struct object *object_create_device(paddr_t phys, u64 pages, pte_t cache, void (*ended)(void))
{
	struct object *object = new_object(pages);

	if (!object)
		return NULL;
	object->device = phys | cache;
	object->ended = ended;
	return object;
}

pte_t object_device_page(const struct object *object, u64 index)
{
	return object->device != 0 ? object->device + index * PAGE_SIZE : 0;
}

struct object *object_create(u64 pages)
{
	struct object *object = new_object(pages);

	if (!object)
		return NULL;
	object->directory = kzalloc(leaf_count(object) * sizeof(struct leaf *));
	if (!object->directory) {
		kmem_cache_free(&object_cache, object);
		return NULL;
	}
	return object;
}

/* Its pages and its leaves; the directory is a 4096th of a leaf's. */
static u64 cost(const struct object *object)
{
	return object->pages + leaf_count(object);
}

int object_set_budget(struct object *object, struct budget *budget)
{
	if (!budget_charge(budget, cost(object)))
		return -ENOMEM;
	budget_get(budget);
	object->budget = budget;
	return 0;
}

void object_get(struct object *object)
{
	u32 before = __atomic_fetch_add(&object->refcount, 1, __ATOMIC_RELAXED);

	DEBUG_ASSERT(before != 0, "reference to dead object %p", (void *)object);
}

static void free_leaf(struct leaf *leaf)
{
	for (u64 i = 0; i < LEAF_PAGES; i++)
		if (leaf->pages[i])
			put_page(leaf->pages[i]);
	free_page(virt_to_page(leaf));
}

static void free_pages_of(struct object *object)
{
	for (u64 i = 0; i < leaf_count(object); i++)
		if (object->directory[i])
			free_leaf(object->directory[i]);
	budget_uncharge(object->budget, cost(object));
	budget_put(object->budget);
	kfree(object->directory);
}

static void object_free(struct object *object)
{
	if (object->device != 0)
		object->ended();
	else
		free_pages_of(object);
	kmem_cache_free(&object_cache, object);
}

void object_put(struct object *object)
{
	/* Release: what we did to the object.  Acquire, by the last: what all others did. */
	u32 before = __atomic_fetch_sub(&object->refcount, 1, __ATOMIC_ACQ_REL);

	DEBUG_ASSERT(before != 0, "dead object %p is put", (void *)object);
	if (before == 1)
		object_free(object);
}

u64 object_pages(const struct object *object)
{
	return object->pages;
}

/* What an object needs for one more page; members are NULL when not needed, or used. */
struct supply {
	struct page *page;
	struct leaf *leaf;
};

static void supply_free(struct supply *supply)
{
	if (supply->page)
		free_page(supply->page);
	if (supply->leaf)
		free_page(virt_to_page(supply->leaf));
}

static int supply_alloc(struct supply *supply, bool with_leaf)
{
	struct page *page;

	*supply = (struct supply){ 0 };
	if (with_leaf) {
		page = alloc_page(ZONE_KERNEL);
		if (!page)
			return -ENOMEM;
		supply->leaf = memset(page_address(page), 0, PAGE_SIZE);
	}
	supply->page = alloc_page(ZONE_USER);
	if (!supply->page) {
		supply_free(supply);
		return -ENOMEM;
	}
	page_zero(supply->page);
	return 0;
}

/* Does the object have the leaf of page @index?  *@page is the page, if there is one. */
static ALWAYS_INLINE struct leaf *look_up(struct object *object, u64 index, struct page **page)
{
	struct leaf *leaf =
		__atomic_load_n(&object->directory[index / LEAF_PAGES], __ATOMIC_ACQUIRE);

	*page = leaf ? __atomic_load_n(&leaf->pages[index % LEAF_PAGES], __ATOMIC_ACQUIRE) : NULL;
	return leaf;
}

/* The leaf of page @index: the supply's, unless there is one by now. */
static struct leaf *install_leaf(struct object *object, u64 index, struct supply *supply)
{
	u64 flags = spin_lock_irqsave(&object->lock);
	struct leaf **leaf = &object->directory[index / LEAF_PAGES], *now = *leaf;

	if (!now) {
		now = supply->leaf;
		__atomic_store_n(leaf, now, __ATOMIC_RELEASE); /* after its contents */
		supply->leaf = NULL;
	}
	spin_unlock_irqrestore(&object->lock, flags);
	return now;
}

/* The page at @index in its @leaf: the supply's, unless there is one by now. */
static ALWAYS_INLINE struct page *install(struct leaf *leaf, u64 index, struct supply *supply)
{
	struct page *page = NULL;

	if (!__atomic_compare_exchange_n(&leaf->pages[index % LEAF_PAGES], &page, supply->page,
					 false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return page;
	page = supply->page;
	supply->page = NULL;
	return page;
}

int object_page(struct object *object, u64 index, struct page **page)
{
	struct supply supply;
	struct leaf *leaf;
	int err;

	if (index >= object->pages)
		return -ERANGE;
	leaf = look_up(object, index, page);
	if (*page)
		return 0;
	err = supply_alloc(&supply, !leaf);
	if (err)
		return err;
	if (!leaf)
		leaf = install_leaf(object, index, &supply);
	*page = install(leaf, index, &supply);
	supply_free(&supply);
	return 0;
}

struct page *object_page_quick(struct object *object, u64 index)
{
	struct supply supply = { .leaf = NULL };
	struct page *page;
	struct leaf *leaf;

	if (unlikely(object->directory == NULL || index >= object->pages))
		return NULL;
	leaf = look_up(object, index, &page);
	if (leaf == NULL || page != NULL)
		return page;
	supply.page = page_alloc_pop(ZONE_USER);
	if (unlikely(supply.page == NULL))
		return NULL;
	page_zero(supply.page);
	page = install(leaf, index, &supply);
	if (unlikely(supply.page != NULL))
		free_page(supply.page);
	return page;
}
