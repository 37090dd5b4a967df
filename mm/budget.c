/* SPDX-License-Identifier: MIT */
/*
 * mm/budget.c - see budget.h.
 */
#include "lib/assert.h"
#include "mm/budget.h"
#include "mm/slab.h"

struct budget *budget_create(u64 limit)
{
	struct budget *b = kmalloc(sizeof(*b));

	if (b != NULL)
		*b = (struct budget){ .refs = 1, .limit = limit };
	return b;
}

void budget_get(struct budget *b)
{
	if (b != NULL)
		__atomic_fetch_add(&b->refs, 1, __ATOMIC_RELAXED);
}

void budget_put(struct budget *b)
{
	if (b == NULL || __atomic_sub_fetch(&b->refs, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	ASSERT(b->used == 0, "a budget ends with %lu pages in use", b->used);
	kfree(b);
}
