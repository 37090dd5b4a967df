/* SPDX-License-Identifier: MIT */
/*
 * mm/budget.c - see budget.h.
 */
#include "lib/assert.h"
#include "mm/budget.h"
#include "mm/slab.h"

/* Does it allow less than what is above it, so that others must lie below it? */
static bool limits(const struct budget *b)
{
	return b->limit != BUDGET_UNLIMITED && (b->parent == NULL || b->limit < b->parent->limit);
}

/* The lowest, from @b up, that limits; NULL: none. */
static struct budget *next_limit(struct budget *b)
{
	while (b != NULL && !limits(b))
		b = b->parent;
	return b;
}

struct budget *budget_create(u64 limit, struct budget *parent)
{
	struct budget *above = next_limit(parent);
	u64 most = above != NULL ? above->limit : BUDGET_UNLIMITED;
	u32 depth = above != NULL ? above->depth + 1 : 0;
	struct budget *b = depth < BUDGET_DEPTH_MAX ? kmalloc(sizeof(*b)) : NULL;

	if (b == NULL)
		return NULL;
	budget_get(above);
	*b = (struct budget){ .refs = 1,
			      .depth = depth,
			      .limit = limit != 0 ? MIN(limit, most) : most,
			      .parent = above };
	return b;
}

void budget_get(struct budget *b)
{
	if (b != NULL)
		__atomic_fetch_add(&b->refs, 1, __ATOMIC_RELAXED);
}

void budget_put(struct budget *b)
{
	while (b != NULL && __atomic_sub_fetch(&b->refs, 1, __ATOMIC_ACQ_REL) == 0) {
		struct budget *parent = b->parent;

		ASSERT(b->used == 0, "a budget ends with %lu pages in use", b->used);
		kfree(b);
		b = parent;
	}
}

static bool charge_one(struct budget *b, u64 n)
{
	u64 used = __atomic_load_n(&b->used, __ATOMIC_RELAXED);

	do {
		if (unlikely(n > b->limit - used))
			return false;
	} while (!__atomic_compare_exchange_n(&b->used, &used, used + n, false, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return true;
}

/* From @b up to below @end. */
static void uncharge_below(struct budget *b, const struct budget *end, u64 n)
{
	for (; b != end; b = b->parent)
		__atomic_fetch_sub(&b->used, n, __ATOMIC_RELAXED);
}

bool budget_charge_all(struct budget *b, u64 n)
{
	for (struct budget *at = b; at != NULL; at = at->parent)
		if (!charge_one(at, n)) {
			uncharge_below(b, at, n);
			return false;
		}
	return true;
}

void budget_uncharge_all(struct budget *b, u64 n)
{
	uncharge_below(b, NULL, n);
}
