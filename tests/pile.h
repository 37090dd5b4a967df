/* SPDX-License-Identifier: MIT */
/*
 * tests/pile.h - mappings by kmap_local on top of each other, for the tests of mm.kmap.
 *
 * Each page holds a number of its own, so that a mapping that shows another page is seen.
 */
#pragma once

#include "arch/x86_64/ipi.h"
#include "mm/kmap.h"
#include "tests/harness.h"

/* Pages, and the mappings of the first ones, made in this order. */
struct pile {
	struct test *t;
	u64 tag; /* page n holds tag + n in its first and last word */
	u32 depth;
	struct page *page[KMAP_DEPTH];
	u64 *p[KMAP_DEPTH];
};

/* Pages with numbers nobody else has.  False: out of memory, and the test fails. */
bool pile_make(struct pile *l, struct test *t);
void pile_free(struct pile *l);

/* Map or unmap until @depth are mapped. */
void pile_to(struct pile *l, u32 depth);
void pile_pop(struct pile *l);

/* All mappings show their pages. */
void pile_check(struct pile *l);

/* A pile for each CPU's interrupts, which have no memory of their own. */
extern struct pile *irq_pile[MAX_CPUS];

/* False: out of memory, and the test fails; free them all the same. */
bool irq_piles_make(struct test *t);
void irq_piles_free(void);

/* Else the test is skipped. */
static inline bool uses_the_window(struct test *t)
{
	if (kmap_kind == KMAP_WINDOW)
		return true;
	test_skip(t, "kmap=direct");
	return false;
}
