/* SPDX-License-Identifier: MIT */
/*
 * mm/fork.c - copy an address space: regions are cloned but those of which a child has nothing,
 * pages shared, and private ones made read-only on both sides until one writes (mm/fault.c).
 */
#include "lib/assert.h"
#include "lib/err.h"
#include "mm/mm.h"
#include "mm/page_alloc.h"
#include "mm/user_pt.h"

struct fork {
	struct mm *child;
	bool private;
	struct gather parent; /* leaves that lost the right to write */
};

static void get_run(struct page *first, unsigned order)
{
	for (u64 i = 0; i < BIT(order); i++)
		get_page(first + i);
}

/* Nobody else knows the child, whose lock is not held. */
static NO_LOCK_CHECK int fork_leaf(void *arg, vaddr_t va, pte_t *entry, u32 level)
{
	struct fork *f = arg;
	pte_t *copy = user_pt_make(f->child, va, &level), leaf = shared_load(entry);

	if (copy == NULL || !leaf_charge(f->child, leaf, level))
		return -ENOMEM;
	if (f->private && (leaf & PTE_WRITE)) {
		leaf &= ~PTE_WRITE;
		shared_store(entry, leaf);
		gather_leaf(&f->parent, va, level, NULL);
	}
	if (user_pt_page(leaf) != NULL)
		get_run(user_pt_page(leaf), leaf_order(level));
	user_pt_set(f->child, copy, level, leaf & ~(PTE_ACCESSED | PTE_DIRTY));
	return 0;
}

static int fork_tables(struct mm *mm, struct mm *child) REQUIRES(mm->lock)
{
	struct fork f = { .child = child };
	struct region *r;
	int err = 0;

	gather_begin(&f.parent, mm);
	for (r = region_first(&mm->regions); r != NULL && !err; r = region_next(r)) {
		if (r->flags & REGION_NOT_FORKED)
			continue;
		f.private = r->kind == REGION_ANON && !(r->flags & REGION_SHARED);
		err = user_pt_visit(mm, r->start, r->end, fork_leaf, &f);
	}
	gather_finish(&f.parent);
	return err;
}

int mm_fork_into(struct mm *mm, struct mm *child)
{
	int err;

	spin_lock(&mm->lock);
	err = region_tree_clone(&child->regions, &mm->regions);
	if (!err)
		err = fork_tables(mm, child);
	spin_unlock(&mm->lock);
	return err;
}

struct mm *mm_fork(struct mm *mm)
{
	struct mm *child = mm_create();

	if (child == NULL)
		return NULL;
	if (mm_fork_into(mm, child) != 0) {
		mm_put(child);
		return NULL;
	}
	return child;
}
