/* SPDX-License-Identifier: MIT */
/*
 * mm/budget.h - how many pages somebody may use: who takes them charges them first, and gives
 * them back when they are free again.
 *
 * Budgets are a tree: what is charged to one is charged to all above it too, so that a limit holds
 * for all that is below it together.  A budget outlives who it was made for, while anything is
 * charged to it that does, or another lies below it.
 */
#pragma once

#include "lib/types.h"

#define BUDGET_UNLIMITED (~0ul)

/* Of limits that lie below each other: each costs every charge below it a locked addition. */
#define BUDGET_DEPTH_MAX 8u

struct budget {
	u32 refs;	       /* atomic */
	u32 depth;	       /* constant: how many are above it */
	u64 limit;	       /* constant */
	u64 used;	       /* atomic; never above .limit */
	struct budget *parent; /* constant, held; NULL: none is above it */
};

/*
 * One of @limit pages below @parent, NULL: none, with one reference.  0: as many as the parent
 * has, BUDGET_UNLIMITED without one; then it lies below the next above that has a limit of its
 * own, so that forks of forks are no deeper than forks.  NULL: out of memory, or too deep.
 */
struct budget *budget_create(u64 limit, struct budget *parent) WARN_UNUSED_RESULT;

/* A reference more, a reference less; NULL is no budget, and has no limit. */
void budget_get(struct budget *b);
void budget_put(struct budget *b);

/* For the two below: @b is not NULL. */
bool budget_charge_all(struct budget *b, u64 n) WARN_UNUSED_RESULT;
void budget_uncharge_all(struct budget *b, u64 n);

/*
 * @n pages more; false, and nothing is charged: they would be too many, here or above.  One that
 * fails above may let another here fail at the same moment, for which there would be room.  Any
 * context.
 */
static inline WARN_UNUSED_RESULT bool budget_charge(struct budget *b, u64 n)
{
	return b == NULL || budget_charge_all(b, n);
}

/* @n pages that were charged are free. */
static inline void budget_uncharge(struct budget *b, u64 n)
{
	if (b != NULL)
		budget_uncharge_all(b, n);
}
