/* SPDX-License-Identifier: MIT */
/*
 * mm/user_pt.h - the page tables of an mm: a cache of its regions, below the reference.
 *
 * All of it under mm->lock.  A table below the top level is freed when its last entry
 * goes; one that hangs in the reference stays until the mm dies (R2).  Each table's
 * struct page counts its present entries.
 *
 * A leaf is of 4 KiB or of 2 MiB.  A large one holds a reference to each of its 512
 * frames, as 512 small ones would: to split it changes no frame's account.  Its size
 * never changes in place: it is taken out, flushed, and a table hung there.
 *
 * What is taken out is gathered, and freed only after the flush (R3, R4).
 */
#pragma once

#include "lib/lock_check.h"
#include "mm/budget.h"
#include "mm/mm.h"
#include "mm/page.h"

#define PTE_FOREIGN BIT(9)  /* software: no struct page stands behind it (REGION_PHYS) */
#define PTE_OBJECT  BIT(10) /* software: the frame is an object's, charged when that was made */

#define PT_LEVEL_USER_MAX PT_LEVEL_2M /* of the largest leaves in user tables */

/* Bytes that a leaf at @level maps, and the order of as many frames. */
static inline u64 leaf_size(u32 level)
{
	return 1ul << pt_shift(level);
}

static inline unsigned leaf_order(u32 level)
{
	return pt_shift(level) - PAGE_SHIFT;
}

/* Does the mm that maps @leaf pay for its frames? */
static inline bool leaf_is_charged(pte_t leaf)
{
	return !(leaf & (PTE_FOREIGN | PTE_OBJECT));
}

/* @n pages more of @mm's budget; false: it has not as many left. */
static inline WARN_UNUSED_RESULT bool mm_charge(struct mm *mm, u64 n) REQUIRES(mm->lock)
{
	if (!budget_charge(mm->budget, n))
		return false;
	mm->charged += n;
	return true;
}

static inline void mm_uncharge(struct mm *mm, u64 n) REQUIRES(mm->lock)
{
	mm->charged -= n;
	budget_uncharge(mm->budget, n);
}

/* What an entry costs that comes to hold @leaf at @level. */
static inline WARN_UNUSED_RESULT bool leaf_charge(struct mm *mm, pte_t leaf, u32 level)
	REQUIRES(mm->lock)
{
	return !leaf_is_charged(leaf) || mm_charge(mm, BIT(leaf_order(level)));
}

#define GATHER_MAX 64u

/* What was taken out of [start, end) and waits for the flush. */
struct gather {
	struct mm *mm;
	vaddr_t start, end;
	u64 stride; /* bytes of the smallest leaf among them; 0: nothing was changed */
	bool freed_tables;
	u32 n;
	struct {
		struct page *first;
		unsigned order; /* 2^order frames, counted one by one */
	} runs[GATHER_MAX];
};

void gather_begin(struct gather *g, struct mm *mm);

/* A leaf at @level for @va was changed, and the frames from @first on (may be NULL) hung there. */
void gather_leaf(struct gather *g, vaddr_t va, u32 level, struct page *first);

/* Flush, then free. */
void gather_finish(struct gather *g);

/* The table of the last level that maps @va, if it is the one that a walk ended in last; or NULL.
 */
static inline struct leaf_table *user_pt_last(struct mm *mm, vaddr_t va) REQUIRES(mm->lock)
{
	return mm->last.place == va / LARGE_PAGE_SIZE + 1 ? &mm->last : NULL;
}

/* Fill @entry of it, which is empty: as user_pt_set(). */
static inline void user_pt_set_last(struct mm *mm, pte_t *entry, pte_t value) REQUIRES(mm->lock)
{
	mm->pages++;
	(*mm->last.present)++;
	shared_store(entry, value);
}

/*
 * The entry that a walk for @va ends at, present or not, and *@level, where it is: a large
 * leaf, or an entry of the last level.  NULL: no table there.
 */
pte_t *user_pt_find(struct mm *mm, vaddr_t va, u32 *level);

/*
 * The same, tables made as needed.  *@level: in, of the largest leaf that may be made; out,
 * where the entry is, which is there only if it is empty or a leaf.  NULL: out of memory.
 */
pte_t *user_pt_make(struct mm *mm, vaddr_t va, u32 *level) REQUIRES(mm->lock) WARN_UNUSED_RESULT;

/*
 * Fill an empty entry that user_pt_make() found at @level with a leaf of that size, or
 * replace one; accounts are kept.
 */
void user_pt_set(struct mm *mm, pte_t *entry, u32 level, pte_t value) REQUIRES(mm->lock);

/*
 * If a large leaf maps @va, it becomes 512 small ones.  In between nothing is mapped
 * there: an access faults, and waits for the lock.  0, or -ENOMEM with nothing changed.
 */
int user_pt_split(struct mm *mm, vaddr_t va) REQUIRES(mm->lock) WARN_UNUSED_RESULT;

/* No leaf crosses @start or @end any more.  0, or -ENOMEM: what is mapped is as it was. */
int user_pt_split_ends(struct mm *mm, vaddr_t start, vaddr_t end)
	REQUIRES(mm->lock) WARN_UNUSED_RESULT;

/* Take all leaves of [start, end), whose ends no leaf crosses, out, and the tables that are
 * then empty. */
void user_pt_zap(struct mm *mm, vaddr_t start, vaddr_t end, struct gather *g) REQUIRES(mm->lock);

/* Call @fn for each present leaf of [start, end), ascending, until it returns an error.  No
 * leaf crosses the ends. */
typedef int (*user_pt_fn)(void *arg, vaddr_t va, pte_t *entry, u32 level);
int user_pt_visit(struct mm *mm, vaddr_t start, vaddr_t end, user_pt_fn fn, void *arg);

/* Free all leaves and tables, the reference too.  No CPU has the mm loaded, or will. */
void user_pt_destroy(struct mm *mm);

/* The page behind a leaf, the first one of a large leaf; NULL: foreign. */
struct page *user_pt_page(pte_t leaf);
