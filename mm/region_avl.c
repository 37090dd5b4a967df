/* SPDX-License-Identifier: MIT */
/*
 * mm/region_avl.c - the balanced tree under mm/region.c.
 *
 * Invariants between two calls, which region_tree_check() looks at:
 *   - child[0] lies below its parent and child[1] above, without overlap;
 *   - the heights of a region's two subtrees differ by at most one, so that 2^32
 *     regions are at most 46 levels deep;
 *   - height, first, last and hole say what is true of the tree below.
 *
 * A change is made at one place; then the way from there to the root is walked, and
 * each region on it put in balance and its summary made anew.
 */
#include "lib/assert.h"
#include "mm/region_avl.h"

#define MAX_IMBALANCE 1

enum side {
	LOWER,
	HIGHER,
};

static u32 height_of(const struct region *region)
{
	return region ? region->height : 0;
}

/* Its children's summaries are right. */
static void summarise(struct region *region)
{
	const struct region *lower = region->child[LOWER];
	const struct region *higher = region->child[HIGHER];

	region->height = 1 + MAX(height_of(lower), height_of(higher));
	region->first = lower ? lower->first : region->start;
	region->last = higher ? higher->last : region->end;
	region->hole = 0;
	if (lower)
		region->hole = MAX(lower->hole, region->start - lower->last);
	if (higher) {
		region->hole = MAX(region->hole, higher->hole);
		region->hole = MAX(region->hole, higher->first - region->end);
	}
}

/* @now (or nothing) takes the place of @region below @region's parent. */
static void replace(struct region_tree *tree, struct region *region, struct region *now)
{
	struct region *parent = region->parent;

	if (!parent)
		tree->root = now;
	else
		parent->child[parent->child[HIGHER] == region] = now;
	if (now)
		now->parent = parent;
}

static void adopt(struct region *parent, enum side side, struct region *child)
{
	parent->child[side] = child;
	if (child)
		child->parent = parent;
}

/* @region goes down to @side, and its other child up in its place; returns that. */
static struct region *rotate(struct region_tree *tree, struct region *region, enum side side)
{
	struct region *up = region->child[!side];

	replace(tree, region, up);
	adopt(region, !side, up->child[side]);
	adopt(up, side, region);
	summarise(region);
	summarise(up);
	return up;
}

/* The subtrees of @region are in balance; returns what stands in its place then. */
static struct region *balance(struct region_tree *tree, struct region *region)
{
	summarise(region);
	for (enum side side = LOWER; side <= HIGHER; side++) {
		struct region *heavy = region->child[side];

		if (height_of(heavy) <= height_of(region->child[!side]) + MAX_IMBALANCE)
			continue;
		if (height_of(heavy->child[!side]) > height_of(heavy->child[side]))
			rotate(tree, heavy, side);
		return rotate(tree, region, !side);
	}
	return region;
}

void region_avl_refresh(struct region_tree *tree, struct region *region)
{
	while (region)
		region = balance(tree, region)->parent;
}

void region_avl_insert(struct region_tree *tree, struct region *region)
{
	struct region *parent = NULL, **link = &tree->root;

	while (*link) {
		parent = *link;
		link = &parent->child[region->start > parent->start];
	}
	*link = region;
	region->parent = parent;
	region->child[LOWER] = NULL;
	region->child[HIGHER] = NULL;
	tree->count++;
	region_avl_refresh(tree, region);
}

/*
 * Of those that it is the last of, up to the highest, the end alone has moved.  Above them, or if
 * it is the last of nothing, holes have become smaller: up to where none is seen to.
 */
void region_avl_grown(struct region *region)
{
	vaddr_t last;
	u64 hole;

	if (!region->child[HIGHER]) {
		struct region *below;

		last = region->end;
		do {
			region->last = last;
			below = region;
			region = region->parent;
		} while (region && region->child[HIGHER] == below);
	}
	for (; region; region = region->parent) {
		last = region->last;
		hole = region->hole;
		summarise(region);
		if (region->last == last && region->hole == hole)
			return;
	}
}

static struct region *outermost(struct region *region, enum side side)
{
	while (region->child[side])
		region = region->child[side];
	return region;
}

/* The next one takes its place; returns the lowest region whose subtree has changed. */
static struct region *remove_inner(struct region_tree *tree, struct region *region)
{
	struct region *next = outermost(region->child[HIGHER], LOWER);
	struct region *changed = next->parent == region ? next : next->parent;

	replace(tree, next, next->child[HIGHER]);
	adopt(next, LOWER, region->child[LOWER]);
	adopt(next, HIGHER, region->child[HIGHER]);
	replace(tree, region, next);
	return changed;
}

void region_avl_remove(struct region_tree *tree, struct region *region)
{
	struct region *changed = region->parent;

	if (region->child[LOWER] && region->child[HIGHER])
		changed = remove_inner(tree, region);
	else
		replace(tree, region, region->child[region->child[LOWER] ? LOWER : HIGHER]);
	if (tree->found == region)
		tree->found = NULL;
	tree->count--;
	region_avl_refresh(tree, changed);
}

/* --- walking ------------------------------------------------------------------------ */

static struct region *neighbour(const struct region *region, enum side side)
{
	const struct region *parent = region->parent;

	if (region->child[side])
		return outermost(region->child[side], !side);
	while (parent && parent->child[side] == region) {
		region = parent;
		parent = region->parent;
	}
	return (struct region *)parent;
}

struct region *region_first(const struct region_tree *tree)
{
	return tree->root ? outermost(tree->root, LOWER) : NULL;
}

struct region *region_next(const struct region *region)
{
	return neighbour(region, HIGHER);
}

struct region *region_prev(const struct region *region)
{
	return neighbour(region, LOWER);
}

/* --- checking ----------------------------------------------------------------------- */

static void check_links(const struct region *region)
{
	struct region expected = *region;
	u32 lower = height_of(region->child[LOWER]);
	u32 higher = height_of(region->child[HIGHER]);

	for (enum side side = LOWER; side <= HIGHER; side++)
		ASSERT(!region->child[side] || region->child[side]->parent == region,
		       "region %#lx has a child with another parent", region->start);
	ASSERT(MAX(lower, higher) - MIN(lower, higher) <= MAX_IMBALANCE,
	       "region %#lx has subtrees %u and %u high", region->start, lower, higher);
	summarise(&expected);
	ASSERT(region->height == expected.height && region->first == expected.first &&
		       region->last == expected.last && region->hole == expected.hole,
	       "region %#lx: height %u first %#lx last %#lx hole %#lx", region->start,
	       region->height, region->first, region->last, region->hole);
}

static void check_region(const struct region *region, vaddr_t floor, vaddr_t limit)
{
	bool object = region->kind == REGION_OBJECT;

	ASSERT(region->start >= floor && region->start < region->end && region->end <= limit,
	       "region %#lx to %#lx, floor %#lx, limit %#lx", region->start, region->end, floor,
	       limit);
	ASSERT(IS_ALIGNED(region->start | region->end | region->phys | region->offset, PAGE_SIZE),
	       "region %#lx to %#lx, phys %#lx, offset %#lx", region->start, region->end,
	       region->phys, region->offset);
	ASSERT(object == (region->object != NULL), "region %#lx of kind %u, object %p",
	       region->start, region->kind, (void *)region->object);
}

void region_tree_check(const struct region_tree *tree)
{
	vaddr_t floor = 0;
	u64 count = 0, found = 0;

	if (!CONFIG_DEBUG)
		return;
	ASSERT(!tree->root || !tree->root->parent, "the root has a parent");
	for (const struct region *r = region_first(tree); r; r = region_next(r)) {
		check_links(r);
		check_region(r, floor, tree->limit);
		floor = r->end;
		found += r == tree->found;
		count++;
	}
	ASSERT(!tree->found || found == 1, "the region found last is not in the tree");
	ASSERT(count == tree->count, "%lu regions where %lu should be", count, tree->count);
}
