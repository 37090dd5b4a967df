/* SPDX-License-Identifier: MIT */
/*
 * tests/user_memory.h - what tests of address spaces do with user memory.
 */
#pragma once

#include "arch/x86_64/uaccess.h"
#include "kernel/thread.h"
#include "mm/counters.h"
#include "mm/mm.h"
#include "mm/page_alloc.h"

#define RW	  (REGION_READ | REGION_WRITE)
#define TOP_ENTRY (1ul << pt_shift(PT_LEVEL_TOP)) /* bytes below one top-level entry */
#define NO_VALUE  ~0ul				  /* what get() says of memory that is not there */

/* The thread runs on @mm from now on; NULL: on none. */
static inline void use(struct mm *mm)
{
	if (current->mm != NULL)
		kthread_unuse_mm();
	if (mm != NULL)
		kthread_use_mm(mm);
}

static inline int map_anon(struct mm *mm, vaddr_t start, u64 size, u32 flags)
{
	struct map_request q = { .start = start, .size = size, .flags = flags };

	return mm_map(mm, &q);
}

static inline bool put(vaddr_t va, u64 value)
{
	return copy_to_user(va, &value, sizeof(value)) == 0;
}

static inline u64 get(vaddr_t va)
{
	u64 value;

	return copy_from_user(&value, va, sizeof(value)) == 0 ? value : NO_VALUE;
}

/* Free pages, and those that slots keep for the next mm. */
static inline u64 free_pages_now(void)
{
	struct page_alloc_stats k, u;

	page_alloc_stats(ZONE_KERNEL, &k);
	page_alloc_stats(ZONE_USER, &u);
	return k.free + k.pcp + u.free + u.pcp + pgd_pages_now() + slot_pages();
}
