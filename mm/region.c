/* SPDX-License-Identifier: MIT */
/*
 * mm/region.c - what may be in a region tree, and how it changes.
 *
 * Each operation finds out first whether it can succeed, memory included, and changes
 * something only then.
 */
#include "lib/err.h"
#include "mm/object.h"
#include "mm/region_avl.h"
#include "mm/slab.h"

static KMEM_CACHE(region_cache, "region", sizeof(struct region), 0);

static u64 size_of(const struct region *region)
{
	return region->end - region->start;
}

/* It is in no tree. */
static void region_free(struct region *region)
{
	if (region->object)
		object_put(region->object);
	kmem_cache_free(&region_cache, region);
}

/* --- finding ------------------------------------------------------------------------ */

void region_tree_init(struct region_tree *tree, vaddr_t limit)
{
	DEBUG_ASSERT(limit > 0 && IS_ALIGNED(limit, PAGE_SIZE), "limit %#lx", limit);
	*tree = (struct region_tree){ .limit = limit };
}

struct region *region_first_at_or_after(const struct region_tree *tree, vaddr_t va)
{
	struct region *found = NULL, *region = tree->root;

	while (region) {
		bool above = region->end > va;

		if (above)
			found = region;
		region = region->child[!above];
	}
	return found;
}

struct region *region_find(struct region_tree *tree, vaddr_t va)
{
	struct region *region = tree->found;

	if (region && region_contains(region, va))
		return region;
	region = region_first_at_or_after(tree, va);
	if (!region || region->start > va)
		return NULL;
	tree->found = region;
	return region;
}

struct gap_search {
	u64 size, align;
	vaddr_t from; /* what is below has been looked at, or is in use */
	vaddr_t hi;
};

/* Is there room in the hole from s->from to @end?  Then s->from is where. */
static bool fits(struct gap_search *s, vaddr_t end)
{
	vaddr_t at;

	if (s->from >= end)
		return false;
	at = ALIGN_UP(s->from, s->align);
	if (at < s->from || at >= end || end - at < s->size)
		return false;
	s->from = at;
	return true;
}

/* Can the holes in the tree below @region, or the one in front of it, be large enough? */
static bool may_fit(const struct gap_search *s, const struct region *region)
{
	if (region->last <= s->from)
		return false;
	if (region->hole >= s->size)
		return true;
	return region->first > s->from && region->first - s->from >= s->size;
}

/*
 * Look at the hole from s->from to the tree below @region, then at those in it, in
 * ascending order.  If none is good, s->from is where that tree ends.  As deep as the
 * tree is high.
 */
static bool search_holes(struct gap_search *s, const struct region *region)
{
	if (!region || s->from >= s->hi)
		return false;
	if (!may_fit(s, region)) {
		s->from = MAX(s->from, region->last);
		return false;
	}
	if (search_holes(s, region->child[0]) || fits(s, MIN(region->start, s->hi)))
		return true;
	s->from = MAX(s->from, region->end);
	return search_holes(s, region->child[1]);
}

vaddr_t region_find_gap(const struct region_tree *tree, u64 size, u64 align, vaddr_t lo, vaddr_t hi)
{
	struct gap_search s = { size, align, MAX(lo, PAGE_SIZE), MIN(hi, tree->limit) };

	DEBUG_ASSERT(align >= PAGE_SIZE && (align & (align - 1)) == 0, "alignment %#lx", align);
	if (size == 0 || !IS_ALIGNED(size, PAGE_SIZE))
		return 0;
	return search_holes(&s, tree->root) || fits(&s, s.hi) ? s.from : 0;
}

/* --- inserting ---------------------------------------------------------------------- */

static bool memory_is_valid(const struct region *spec)
{
	switch (spec->kind) {
	case REGION_ANON:
		return true;
	case REGION_PHYS:
		return IS_ALIGNED(spec->phys, PAGE_SIZE) && spec->phys + size_of(spec) > spec->phys;
	case REGION_OBJECT:
		return spec->object && IS_ALIGNED(spec->offset, PAGE_SIZE) &&
		       spec->offset + size_of(spec) > spec->offset &&
		       spec->offset + size_of(spec) <= object_pages(spec->object) * PAGE_SIZE;
	}
	return false;
}

static bool span_is_valid(const struct region_tree *tree, vaddr_t start, vaddr_t end)
{
	return start < end && end <= tree->limit && IS_ALIGNED(start | end, PAGE_SIZE);
}

/* May there be @n more? */
static bool has_room(const struct region_tree *tree, u64 n)
{
	return tree->max == 0 || tree->count + n <= tree->max;
}

/* A copy of @spec, which is valid, into what is free. */
static int insert_new(struct region_tree *tree, const struct region *spec, struct region **inserted)
{
	struct region *region = has_room(tree, 1) ? kmem_cache_alloc(&region_cache) : NULL;

	if (!region)
		return -ENOMEM;
	*region = (struct region){
		.start = spec->start,
		.end = spec->end,
		.flags = spec->flags,
		.kind = spec->kind,
		.phys = spec->kind == REGION_PHYS ? spec->phys : 0,
		.object = spec->kind == REGION_OBJECT ? spec->object : NULL,
		.offset = spec->kind == REGION_OBJECT ? spec->offset : 0,
	};
	list_init(&region->node);
	if (region->object)
		object_get(region->object);
	region_avl_insert(tree, region);
	if (inserted)
		*inserted = region;
	return 0;
}

/* May @spec be inserted, room and memory aside?  *@next is the region above it, or NULL. */
static int check_spec(const struct region_tree *tree, const struct region *spec,
		      struct region **next)
{
	if (!span_is_valid(tree, spec->start, spec->end) || !memory_is_valid(spec))
		return -EINVAL;
	*next = region_first_at_or_after(tree, spec->start);
	return *next && (*next)->start < spec->end ? -EEXIST : 0;
}

int region_insert(struct region_tree *tree, const struct region *spec, struct region **inserted)
{
	struct region *next;
	int err = check_spec(tree, spec, &next);

	return err ? err : insert_new(tree, spec, inserted);
}

/* --- cutting and joining -------------------------------------------------------------- */

/* @upper, a new region, becomes the part of @region from @at on, which is inside. */
static void cut(struct region_tree *tree, struct region *region, vaddr_t at, struct region *upper)
{
	u64 below = at - region->start;

	*upper = *region;
	list_init(&upper->node);
	upper->start = at;
	if (upper->kind == REGION_PHYS)
		upper->phys += below;
	if (upper->kind == REGION_OBJECT) {
		upper->offset += below;
		object_get(upper->object);
	}
	region->end = at;
	region_avl_insert(tree, upper); /* somewhere below @region, whose summary it renews */
}

int region_split(struct region_tree *tree, struct region *region, vaddr_t at)
{
	struct region *upper;

	if (at <= region->start || at >= region->end || !IS_ALIGNED(at, PAGE_SIZE))
		return -EINVAL;
	upper = has_room(tree, 1) ? kmem_cache_alloc(&region_cache) : NULL;
	if (!upper)
		return -ENOMEM;
	cut(tree, region, at, upper);
	return 0;
}

/* The region that lies on both sides of @va, or NULL. */
static struct region *region_across(struct region_tree *tree, vaddr_t va)
{
	struct region *region = region_find(tree, va);

	return region && region->start < va ? region : NULL;
}

int region_split_range(struct region_tree *tree, vaddr_t start, vaddr_t end)
{
	struct region *at_start = region_across(tree, start), *at_end = region_across(tree, end);
	struct region *first = NULL, *second = NULL;

	if (start > end || !IS_ALIGNED(start | end, PAGE_SIZE))
		return -EINVAL;
	if (start == end)
		return 0;
	if (!has_room(tree, (at_start != NULL) + (at_end != NULL)))
		return -ENOMEM;
	if (at_start) {
		first = kmem_cache_alloc(&region_cache);
		if (!first)
			return -ENOMEM;
	}
	if (at_end) {
		second = kmem_cache_alloc(&region_cache);
		if (!second) {
			if (first)
				kmem_cache_free(&region_cache, first);
			return -ENOMEM;
		}
		cut(tree, at_end, end, second);
	}
	/* After the end, because one region may lie across both: it keeps its lower part. */
	if (at_start)
		cut(tree, at_start, start, first);
	return 0;
}

int region_remove_range(struct region_tree *tree, vaddr_t start, vaddr_t end,
			struct list_node *removed)
{
	int err = region_split_range(tree, start, end);
	struct region *region, *next;

	if (err || start == end)
		return err;
	region = region_first_at_or_after(tree, start);
	for (; region && region->start < end; region = next) {
		next = region_next(region);
		region_avl_remove(tree, region);
		list_add_tail(&region->node, removed);
	}
	return 0;
}

void region_free_list(struct list_node *removed)
{
	struct region *region, *next;

	list_for_each_entry_safe (region, next, removed, node) {
		list_del(&region->node);
		region_free(region);
	}
}

/* @high may be a spec: what does not belong to its kind says nothing. */
static bool continues(const struct region *low, const struct region *high)
{
	if (low->end != high->start || low->flags != high->flags || low->kind != high->kind ||
	    (low->flags & REGION_OWN_TOP_ENTRY))
		return false;
	switch (low->kind) {
	case REGION_PHYS:
		return low->phys + size_of(low) == high->phys;
	case REGION_OBJECT:
		return low->object == high->object && low->offset + size_of(low) == high->offset;
	default:
		return true;
	}
}

/* @high, the neighbour of @low, becomes a part of it. */
static struct region *join(struct region_tree *tree, struct region *low, struct region *high)
{
	region_avl_remove(tree, high);
	low->end = high->end;
	region_avl_refresh(tree, low);
	region_free(high);
	return low;
}

struct region *region_merge(struct region_tree *tree, struct region *region)
{
	struct region *prev = region_prev(region), *next = region_next(region);

	if (next && continues(region, next))
		region = join(tree, region, next);
	if (prev && continues(prev, region))
		region = join(tree, prev, region);
	return region;
}

static void grow_up(struct region *low, vaddr_t end)
{
	low->end = end;
	region_avl_grown(low);
}

static void grow_down(struct region_tree *tree, struct region *high, vaddr_t start)
{
	u64 more = high->start - start;

	high->start = start;
	if (high->kind == REGION_PHYS)
		high->phys -= more;
	if (high->kind == REGION_OBJECT)
		high->offset -= more;
	region_avl_refresh(tree, high);
}

int region_add(struct region_tree *tree, const struct region *spec)
{
	struct region *prev, *next;
	int err = check_spec(tree, spec, &next);

	if (err)
		return err;
	prev = spec->start > 0 ? region_find(tree, spec->start - 1) : NULL;
	if (prev && continues(prev, spec)) {
		grow_up(prev, spec->end);
		if (next && continues(prev, next))
			join(tree, prev, next);
		return 0;
	}
	if (!next || !continues(spec, next))
		return insert_new(tree, spec, NULL);
	grow_down(tree, next, spec->start);
	return 0;
}

/* Does @more continue @low, a region, in the object? */
static ALWAYS_INLINE bool goes_on(const struct region *low, const struct extent *more)
{
	return low->end == more->start && low->object == more->object &&
	       low->kind == REGION_OBJECT && low->flags == more->flags &&
	       !(low->flags & REGION_OWN_TOP_ENTRY) && low->offset + size_of(low) == more->offset;
}

bool region_extend(struct region_tree *tree, const struct extent *more)
{
	struct region *low = tree->found;
	const struct region *next;
	u64 left;

	if (low == NULL || !goes_on(low, more) || !span_is_valid(tree, more->start, more->end))
		return false;
	left = object_pages(low->object) * PAGE_SIZE - more->offset; /* @low lies in it */
	next = region_next(low);
	if (more->end - more->start > left || (next && next->start <= more->end))
		return false;
	grow_up(low, more->end);
	return true;
}

/* --- whole trees ---------------------------------------------------------------------- */

int region_tree_clone(struct region_tree *dst, const struct region_tree *src)
{
	DEBUG_ASSERT(!dst->root && dst->limit == src->limit, "clone into a tree of %lu regions",
		     dst->count);
	for (const struct region *r = region_first(src); r; r = region_next(r)) {
		int err = r->flags & REGION_NOT_FORKED ? 0 : region_insert(dst, r, NULL);

		if (err) {
			region_tree_destroy(dst);
			return err;
		}
	}
	return 0;
}

void region_tree_destroy(struct region_tree *tree)
{
	while (tree->root) {
		struct region *region = tree->root;

		region_avl_remove(tree, region);
		region_free(region);
	}
}
