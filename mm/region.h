/* SPDX-License-Identifier: MIT */
/*
 * mm/region.h - what is mapped in an address space.  Regions are the truth; page tables
 * are a cache of them.
 *
 * A region is a page-aligned span of user addresses with one kind of memory behind it
 * and one set of rights.  The regions of a tree never overlap; neighbours may touch.
 * A region of an object holds a reference to it, and lies within the object.
 *
 * A tree is balanced (AVL, linked through the regions), and each region knows the
 * largest hole in the tree below it, so that finding, inserting, removing and the
 * search for a hole take O(log n).
 *
 * No lock: the mm's lock protects its tree, and what is in its regions.  Whoever holds
 * that lock may change a region's flags; start, end, kind, object, offset and phys
 * change only here.  Nothing here sleeps.
 *
 * What fails has changed nothing.
 */
#pragma once

#include "lib/list.h"
#include "lib/types.h"

#define REGION_READ	     0x01u
#define REGION_WRITE	     0x02u
#define REGION_EXEC	     0x04u
#define REGION_SHARED	     0x08u /* fork: the child shares the memory, writable */
#define REGION_OWN_TOP_ENTRY 0x10u /* below its top-level entries only others with this flag */
#define REGION_LARGE	     0x20u /* may be mapped by 2 MiB pages; not for objects */
#define REGION_NEVER_WRITE   0x40u /* no change of rights allows to write */
#define REGION_NOT_FORKED    0x80u /* fork: the child does not have it */

enum region_kind {
	REGION_ANON,   /* zero-filled pages on demand, copied on write after a fork */
	REGION_PHYS,   /* the physical memory from phys on, not the allocator's */
	REGION_OBJECT, /* the object's pages from offset on */
};

struct object;

struct region {
	vaddr_t start, end; /* page-aligned; end is exclusive */
	u32 flags;	    /* REGION_READ and so on */
	enum region_kind kind;
	paddr_t phys;		 /* REGION_PHYS: what start maps to, page-aligned; else 0 */
	struct object *object;	 /* REGION_OBJECT: with a reference; else NULL */
	u64 offset;		 /* REGION_OBJECT: bytes into it at start, page-aligned; else 0 */
	struct list_node node;	 /* of a list of removed regions */
	struct region *parent;	 /* this and below: mm/region_avl.c */
	struct region *child[2]; /* lower addresses, higher addresses */
	u32 height;		 /* of the tree below this region, itself included */
	vaddr_t first, last;	 /* that tree's lowest start, highest end */
	u64 hole;		 /* and the largest distance between two neighbours in it */
};

struct region_tree {
	struct region *root;
	vaddr_t limit;	      /* no region ends above it */
	u64 count;	      /* regions */
	u64 max;	      /* of them; 0: any number.  One more is -ENOMEM */
	struct region *found; /* by the last search; NULL: none, or it has left the tree */
};

/* An empty tree.  @limit: the first address that is not the user's (five levels: more). */
void region_tree_init(struct region_tree *tree, vaddr_t limit);

static inline bool region_contains(const struct region *region, vaddr_t va)
{
	return va >= region->start && va < region->end;
}

/* The region that contains @va, or NULL.  The last one that was found is looked at first. */
struct region *region_find(struct region_tree *tree, vaddr_t va);

/* The lowest region that contains @va or starts above it, or NULL. */
struct region *region_first_at_or_after(const struct region_tree *tree, vaddr_t va);

/* In ascending order; NULL: no more. */
struct region *region_first(const struct region_tree *tree);
struct region *region_next(const struct region *region);
struct region *region_prev(const struct region *region);

/*
 * Insert a copy of @spec, of which start, end, flags, kind and what belongs to the kind
 * are read.  The tree takes a reference to the object of its own.  *@inserted (which may
 * be NULL) is the copy.  0; -EEXIST: overlaps a region; -ENOMEM; or -EINVAL: empty, not
 * page-aligned, beyond the limit, beyond the object's end, or physical addresses wrap.
 */
int region_insert(struct region_tree *tree, const struct region *spec,
		  struct region **inserted) WARN_UNUSED_RESULT;

/*
 * The same, but what continues @spec, as region_merge() says, becomes one with it: then nothing is
 * allocated, and there is no region more.
 */
int region_add(struct region_tree *tree, const struct region *spec) WARN_UNUSED_RESULT;

/*
 * The same for what of an object would begin where the region that was found last ends, if it makes
 * that longer and no other.  False: nothing has changed, and what there is to say region_add()
 * says.
 */
struct extent {
	vaddr_t start, end;
	const struct object *object;
	u64 offset;
	u32 flags;
};
bool region_extend(struct region_tree *tree, const struct extent *more) WARN_UNUSED_RESULT;

/*
 * The lowest address in [lo, hi) where @size free bytes begin, a multiple of @align (a
 * power of two, at least a page), that end at @hi or below; 0: none.  Address 0 is never
 * found.  O(log n) for @align of a page; for more, holes that are large enough but lie
 * badly are each looked at.
 */
vaddr_t region_find_gap(const struct region_tree *tree, u64 size, u64 align, vaddr_t lo,
			vaddr_t hi);

/* Cut @region in two at @at: it keeps what is below.  0, -ENOMEM, or -EINVAL: @at is not
 * page-aligned or not inside. */
int region_split(struct region_tree *tree, struct region *region, vaddr_t at) WARN_UNUSED_RESULT;

/*
 * Cut so that no region crosses @start or @end; what lies between can then be changed
 * region by region.  0, -ENOMEM, or -EINVAL: not page-aligned or start > end.
 */
int region_split_range(struct region_tree *tree, vaddr_t start, vaddr_t end) WARN_UNUSED_RESULT;

/*
 * Take what lies in [start, end) out of the tree and append it to @removed, ascending;
 * regions that reach over the ends are cut.  The caller frees the regions by
 * region_free_list() when no CPU can use their translations any more, because the
 * references to objects go with them.  Errors as region_split_range().
 */
int region_remove_range(struct region_tree *tree, vaddr_t start, vaddr_t end,
			struct list_node *removed) WARN_UNUSED_RESULT;

/* Free regions that have left their tree, and drop their references. */
void region_free_list(struct list_node *removed);

/*
 * Join @region with the neighbours that continue it: same flags and kind, memory
 * contiguous.  Regions with REGION_OWN_TOP_ENTRY stay apart.  Returns the lowest of
 * them, which is the whole; the others are freed.
 */
struct region *region_merge(struct region_tree *tree, struct region *region);

/*
 * Copy all regions but those with REGION_NOT_FORKED into @dst, which is empty and of the same
 * limit.  0 or -ENOMEM.
 */
int region_tree_clone(struct region_tree *dst, const struct region_tree *src) WARN_UNUSED_RESULT;

/* Free all regions; no CPU can use their translations any more.  The tree is empty then. */
void region_tree_destroy(struct region_tree *tree);

/* Panic if the tree is not as it should be.  Debug builds only; walks all of it. */
void region_tree_check(const struct region_tree *tree);
