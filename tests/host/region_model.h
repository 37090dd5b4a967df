/* SPDX-License-Identifier: MIT */
/*
 * tests/host/region_model.h - a region tree, and a model of it that keeps one cell for each
 * page of a small user half.
 *
 * The caches and the objects are the tests' own: each region is a malloc() of its own,
 * so that sanitizers see any use after its end, and allocations fail as told.
 */
#pragma once

#include "tests/host/cmocka_host.h"

#include "lib/rand.h"
#include "mm/object.h"
#include "mm/region.h"

#define BASE	     0x10000000ul /* page 0 of the model */
#define LIMIT	     (1ul << 47)
#define MODEL_PAGES  512
#define OBJECTS	     3
#define OBJECT_PAGES 2048

struct object {
	u64 pages;
	u64 refs;
};

/* What the model knows about one page; the pages of one region have the same id. */
struct cell {
	u64 id;		  /* 0: nothing is mapped */
	struct region at; /* what a region that began here would say */
};

extern struct cell model[MODEL_PAGES];
extern u64 next_id;
extern struct region_tree tree;
extern struct object objects[OBJECTS];
extern struct rand rnd;
extern u64 live;       /* regions that exist */
extern u64 fail_after; /* the allocation that fails, counted down; 0: none */

/* A test begins with nothing, and leaves nothing. */
int start(void **state);
int stop(void **state);
#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

vaddr_t va_of(u64 index);

/* @r as it would say if it began @pages later. */
struct region advanced(struct region r, u64 pages);
bool same_memory(const struct region *a, const struct region *b);

/* The model's extent that begins at cell @from: one past its last cell. */
u64 extent_end(u64 from);

/* @r is the model's extent from cell @from on; returns one past its last cell. */
u64 compare_extent(const struct region *r, u64 from);

/* Tree and model agree; @loose regions are alive besides. */
void compare(u64 loose);

bool model_is_free(u64 from, u64 to);
void model_set(u64 from, u64 to, const struct region *spec);

/* Cells from @at on that belong to the extent across @at get an id of their own. */
void model_split(u64 at);

u64 list_length(const struct list_node *head);

/* Cells [@from, @to), at most @max of them. */
void random_span(u64 *from, u64 *to, u64 max);

/* Something to insert anywhere, cells [@from, @to), free or not, often as a neighbour goes on. */
void random_new(struct region *spec, u64 *from, u64 *to);

/* Insert something anywhere, in tree and model, if it is free there. */
void do_insert(void);

/* Many times. */
void fill_model(void);
