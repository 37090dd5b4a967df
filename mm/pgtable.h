/* SPDX-License-Identifier: MIT */
/*
 * mm/pgtable.h - walk and fill one tree of page tables.
 *
 * A root is the address of a top-level table in the direct map.  Tables are only ever
 * added here; entries that exist are not replaced (-EEXIST), so that a walk on another
 * CPU sees the old state or the new one and nothing in between.
 *
 * No lock: who owns the tree says what serialises its changes.
 */
#pragma once

#include "arch/x86_64/pte.h"
#include "lib/types.h"

/*
 * A zeroed page for a table: its physical address, or 0 when memory is out.  Comes from
 * the boot allocator until pgtable_use_page_alloc() is called.
 */
paddr_t pgtable_alloc(void) WARN_UNUSED_RESULT;
void pgtable_use_page_alloc(void);

/*
 * The same for a top-level table: isolated, a pair of pages, kernel PGD and user PGD
 * (arch/x86_64/pti.h), whose first page's address is returned.
 */
paddr_t pgtable_alloc_root(void) WARN_UNUSED_RESULT;

/* Table pages handed out so far, for the memory account. */
u64 pgtable_pages(void);

/*
 * Map [va, va + size) to [pa, pa + size), all page-aligned, with @flags (PTE_PRESENT and
 * rights; A and D are set too), by leaves no larger than @max_level's.
 * 0, -ENOMEM (what was mapped by then stays), or -EEXIST.
 */
int pgtable_map(pte_t *root, vaddr_t va, paddr_t pa, u64 size, pte_t flags,
		u32 max_level) WARN_UNUSED_RESULT;

/*
 * The last-level table for @va, made if there is none, to be filled by the caller.
 * NULL: out of memory, or a larger page is mapped there.
 */
pte_t *pgtable_leaf_table(pte_t *root, vaddr_t va) WARN_UNUSED_RESULT;

/* What @va translates to. */
struct translation {
	bool present;
	u32 level;		/* of the leaf */
	paddr_t pa;		/* of @va itself */
	pte_t leaf;		/* the leaf entry */
	bool write, user, exec; /* rights along the whole walk */
};

struct translation pgtable_translate(const pte_t *root, vaddr_t va);

/* Call @fn for each present leaf below @root in [from, to), ascending; stop when it returns false.
 */
typedef bool (*pgtable_visit_fn)(void *arg, vaddr_t va, u64 size, const struct translation *t);
void pgtable_visit(const pte_t *root, vaddr_t from, vaddr_t to, pgtable_visit_fn fn, void *arg);
