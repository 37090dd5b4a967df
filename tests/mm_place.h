/* SPDX-License-Identifier: MIT */
/*
 * tests/mm_place.h - a place for an address space: any thread may use what is in it, or put a
 * new one there; the old one ends with its last user, wherever.
 */
#pragma once

#include "arch/x86_64/spinlock.h"
#include "mm/mm.h"

struct mm_place {
	struct spinlock lock;
	struct mm *mm; /* [lock] held */
};

/* With a new address space; false: no memory. */
static inline bool mm_place_init(struct mm_place *p)
{
	spin_init(&p->lock, "place", LOCK_RANK_TEST_OUTER);
	p->mm = mm_create();
	return p->mm != NULL;
}

/* What is there now; the caller has a hold. */
static inline struct mm *mm_place_get(struct mm_place *p)
{
	struct mm *mm;

	spin_lock(&p->lock);
	mm = p->mm;
	mm_get(mm);
	spin_unlock(&p->lock);
	return mm;
}

/* A new address space takes the place; false: no memory. */
static inline bool mm_place_renew(struct mm_place *p)
{
	struct mm *mm = mm_create(), *old;

	if (mm == NULL)
		return false;
	spin_lock(&p->lock);
	old = p->mm;
	p->mm = mm;
	spin_unlock(&p->lock);
	mm_put(old);
	return true;
}
