/* SPDX-License-Identifier: MIT */
/*
 * mm/object.h - memory objects: arrays of pages that address spaces can share.
 *
 * An object of a device is a span of physical memory that is not the allocator's, there from the
 * beginning.  For others:
 *
 * An object has a fixed number of pages.  Each comes into being, zeroed, from ZONE_USER
 * when it is first asked for, and lives as long as the object, which holds one
 * reference to it.  An empty object costs 8 bytes for every 2 MiB.
 *
 * Context: any but NMI and #MC; nothing here sleeps.  An object has a lock of its own
 * (rank LOCK_RANK_OBJECT), held for a change of the array's upper level only.
 */
#pragma once

#include "arch/x86_64/pte.h"
#include "lib/lock_check.h"
#include "mm/page.h"

#define OBJECT_MAX_PAGES (1ul << 27) /* 512 GiB: what one entry of a PML4 maps */

struct budget;
struct object;

/* An object of @pages pages, with one reference; NULL: out of memory, or @pages is 0 or
 * more than OBJECT_MAX_PAGES. */
struct object *object_create(u64 pages) WARN_UNUSED_RESULT;

/*
 * The object of a device: @pages pages from @phys on, which is not 0, mapped with @cache: PTE_PWT
 * or PTE_PCD.  @ended is called when the last reference has been dropped: no CPU can reach them
 * through it any more.  NULL: out of memory, or @pages as above.
 */
struct object *object_create_device(paddr_t phys, u64 pages, pte_t cache,
				    void (*ended)(void)) WARN_UNUSED_RESULT;

/*
 * All pages that @object, which is new, can come to have are charged to @budget until it ends.
 * 0 or -ENOMEM.
 */
int object_set_budget(struct object *object, struct budget *budget) WARN_UNUSED_RESULT;

/* Another reference, by whoever holds one. */
void object_get(struct object *object);

/* Drop a reference; the last one drops the object's references to all its pages.  No CPU
 * can reach those through the object's mappings any more. */
void object_put(struct object *object);

/* Its size in pages, constant. */
u64 object_pages(const struct object *object);

/* If @object is a device's: the physical address of page @index, which it has, and how it is
 * cached, as in a leaf.  Else 0. */
pte_t object_device_page(const struct object *object, u64 index);

/*
 * *@page is the page at @index, which the object keeps: the caller takes a reference of
 * its own if it wants the page for longer than it holds the object.  0; -ERANGE: beyond
 * the end; -ENOMEM.  Not for devices.
 */
int object_page(struct object *object, u64 index, struct page **page) WARN_UNUSED_RESULT;

/*
 * The same if the page is there, or this CPU's stack has one for it and the object a place.  NULL:
 * nothing has changed, which says nothing of others; or a device's.
 */
struct page *object_page_quick(struct object *object, u64 index)
	REQUIRES(irqs_off) WARN_UNUSED_RESULT;
