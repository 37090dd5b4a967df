/* SPDX-License-Identifier: MIT */
/*
 * mm/region_avl.h - the links of a region tree: for region.c, which decides what is in
 * a tree, and region_avl.c, which keeps it in balance.  Nobody else includes this.
 */
#pragma once

#include "mm/region.h"

/* @region overlaps none of the tree's. */
void region_avl_insert(struct region_tree *tree, struct region *region);

void region_avl_remove(struct region_tree *tree, struct region *region);

/* The start or end of @region has changed, its place in the order has not. */
void region_avl_refresh(struct region_tree *tree, struct region *region);

/* The end of @region has moved up, into a hole: no link changes. */
void region_avl_grown(struct region *region);
