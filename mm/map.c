/* SPDX-License-Identifier: MIT */
/*
 * mm/map.c - where a new region goes.
 *
 * Invariant: below one top-level entry either all regions have REGION_OWN_TOP_ENTRY or
 * none has.  So the neighbours of a place tell whose its entries are.
 */
#include "arch/x86_64/layout.h"
#include "lib/err.h"
#include "mm/mm.h"

static u64 top_entry_size(void)
{
	return 1ul << pt_shift(PT_LEVEL_TOP);
}

/* Is @r, which may be NULL, in [start, end) with another say about the entries than @flags? */
static bool differs(const struct region *r, vaddr_t start, vaddr_t end, u32 flags)
{
	return r != NULL && r->start < end && r->end > start &&
	       ((r->flags ^ flags) & REGION_OWN_TOP_ENTRY);
}

/*
 * May a region with @flags lie in [start, end), which is free, as far as the entries that
 * it shares with what is below and above it go?
 */
static bool entries_allow(const struct region_tree *tree, vaddr_t start, vaddr_t end, u32 flags)
{
	vaddr_t first = ALIGN_DOWN(start, top_entry_size());
	vaddr_t last = ALIGN_UP(end, top_entry_size());

	return !differs(region_first_at_or_after(tree, first), first, start, flags) &&
	       !differs(region_first_at_or_after(tree, end), end, last, flags);
}

static struct region spec_of(const struct map_request *q)
{
	return (struct region){
		.start = q->start,
		.end = q->start + q->size,
		.flags = q->flags,
		.kind = q->kind,
		.phys = q->phys,
		.object = q->object,
		.offset = q->offset,
	};
}

/* A region that may be mapped by large pages begins where its memory allows some. */
static u64 alignment(const struct map_request *q)
{
	bool large = (q->flags & REGION_LARGE) && q->kind != REGION_OBJECT &&
		     q->size >= LARGE_PAGE_SIZE && IS_ALIGNED(q->phys, LARGE_PAGE_SIZE);

	return large ? LARGE_PAGE_SIZE : PAGE_SIZE;
}

/* Entries that nobody has, for as much as @size.  0: none. */
static vaddr_t find_own_entries(const struct region_tree *tree, u64 size, vaddr_t lo)
{
	u64 whole = ALIGN_UP(size, top_entry_size());

	return whole < size ? 0 : region_find_gap(tree, whole, top_entry_size(), lo, tree->limit);
}

/* O(log n) for each run of entries that belong to others on the way. */
static vaddr_t find_shared(const struct region_tree *tree, const struct map_request *q, vaddr_t lo)
{
	vaddr_t at;

	for (;;) {
		at = region_find_gap(tree, q->size, alignment(q), lo, USER_MAP_END);
		if (at == 0 || entries_allow(tree, at, at + q->size, q->flags))
			return at;
		lo = ALIGN_DOWN(at, top_entry_size()) + top_entry_size();
	}
}

int mm_map(struct mm *mm, const struct map_request *q)
{
	struct region spec = spec_of(q);
	int err = -EEXIST;

	if (q->size == 0 || spec.end < spec.start || spec.end > USER_MAP_END)
		return -EINVAL;
	spin_lock(&mm->lock);
	if (entries_allow(&mm->regions, spec.start, spec.end, spec.flags))
		err = region_add(&mm->regions, &spec);
	spin_unlock(&mm->lock);
	return err;
}

/*
 * Below the top-level entry of the page before it there is that region, which is joined only
 * without an entry of its own: nobody needs to be asked.
 */
bool mm_map_quick(struct mm *mm, const struct extent *more)
{
	bool done;

	if (unlikely(more->end > USER_MAP_END ||
		     ((more->start - 1) ^ (more->end - 1)) >= top_entry_size() ||
		     !spin_try_irqs_off(&mm->lock)))
		return false;
	done = region_extend(&mm->regions, more);
	if (likely(done && more->end - more->start == PAGE_SIZE))
		mm_fill_quick(mm, more->start);
	spin_unlock_irqs_off(&mm->lock);
	return done;
}

int mm_map_anywhere(struct mm *mm, struct map_request *q)
{
	struct region_tree *tree = &mm->regions;
	vaddr_t lo = MAX(q->start, MAP_LOWEST);
	struct region spec;
	int err = -ENOMEM;

	if (q->size == 0 || !IS_ALIGNED(q->size, PAGE_SIZE))
		return -EINVAL;
	spin_lock(&mm->lock);
	spec = spec_of(q);
	spec.start = q->flags & REGION_OWN_TOP_ENTRY ? find_own_entries(tree, q->size, lo)
						     : find_shared(tree, q, lo);
	spec.end = spec.start + q->size;
	if (spec.start != 0 && spec.end <= USER_MAP_END)
		err = region_add(tree, &spec);
	spin_unlock(&mm->lock);
	if (!err)
		q->start = spec.start;
	return err;
}
