/* SPDX-License-Identifier: MIT */
/*
 * mm/budget.h - how many pages somebody may use: who takes them charges them first, and gives
 * them back when they are free again.
 *
 * A budget outlives who it was made for, while anything is charged to it that does.
 */
#pragma once

#include "lib/types.h"

struct budget {
	u32 refs;  /* atomic */
	u64 limit; /* constant */
	u64 used;  /* atomic; never above .limit */
};

/* One of @limit pages, with one reference.  NULL: out of memory. */
struct budget *budget_create(u64 limit) WARN_UNUSED_RESULT;

/* A reference more, a reference less; NULL is no budget, and has no limit. */
void budget_get(struct budget *b);
void budget_put(struct budget *b);

/* @n pages more; false, and nothing is charged: they would be too many.  Any context. */
static inline WARN_UNUSED_RESULT bool budget_charge(struct budget *b, u64 n)
{
	u64 used;

	if (b == NULL)
		return true;
	used = __atomic_load_n(&b->used, __ATOMIC_RELAXED);
	do {
		if (unlikely(n > b->limit - used))
			return false;
	} while (!__atomic_compare_exchange_n(&b->used, &used, used + n, false, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return true;
}

/* @n pages that were charged are free. */
static inline void budget_uncharge(struct budget *b, u64 n)
{
	if (b != NULL)
		__atomic_fetch_sub(&b->used, n, __ATOMIC_RELAXED);
}
