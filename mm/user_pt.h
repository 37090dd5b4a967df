/* SPDX-License-Identifier: MIT */
/*
 * mm/user_pt.h - the page tables of an mm: a cache of its regions, below the reference.
 *
 * All of it under mm->lock.  A table below the top level is freed when its last entry
 * goes; one that hangs in the reference stays until the mm dies (R2).  Each table's
 * struct page counts its present entries.
 *
 * What is taken out is gathered, and freed only after the flush (R3, R4).
 */
#pragma once

#include "mm/mm.h"
#include "mm/page.h"

#define PTE_FOREIGN BIT(9) /* software: no struct page stands behind it (REGION_PHYS) */

#define GATHER_MAX 64u

/* What was taken out of [start, end) and waits for the flush. */
struct gather {
	struct mm *mm;
	vaddr_t start, end;
	bool changed, freed_tables;
	u32 n;
	struct page *pages[GATHER_MAX];
};

void gather_begin(struct gather *g, struct mm *mm);

/* A leaf of one page at @va was changed, and @page (may be NULL) hung there. */
void gather_page(struct gather *g, vaddr_t va, struct page *page);

/* Flush, then free. */
void gather_finish(struct gather *g);

/* The last-level entry for @va; NULL: no table there. */
pte_t *user_pt_find(struct mm *mm, vaddr_t va);

/* The same, tables made as needed.  NULL: out of memory. */
pte_t *user_pt_make(struct mm *mm, vaddr_t va) WARN_UNUSED_RESULT;

/* Fill an empty entry that user_pt_make() returned, or replace one; accounts are kept. */
void user_pt_set(struct mm *mm, pte_t *entry, pte_t value);

/* Take all leaves of [start, end) out, and the tables that are then empty. */
void user_pt_zap(struct mm *mm, vaddr_t start, vaddr_t end, struct gather *g);

/* Call @fn for each present leaf of [start, end), ascending, until it returns an error. */
typedef int (*user_pt_fn)(void *arg, vaddr_t va, pte_t *entry);
int user_pt_visit(struct mm *mm, vaddr_t start, vaddr_t end, user_pt_fn fn, void *arg);

/* Free all leaves and tables, the reference too.  No CPU has the mm loaded, or will. */
void user_pt_destroy(struct mm *mm);

/* The page behind a leaf; NULL: foreign. */
struct page *user_pt_page(pte_t leaf);
