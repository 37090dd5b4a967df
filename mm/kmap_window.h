/* SPDX-License-Identifier: MIT */
/*
 * mm/kmap_window.h - this CPU's window: its slots, and the page table that it also maps.
 * For mm/kmap.h and its tests.
 *
 *	page 0		empty
 *	     1, 3, ...	slots; every other page stays empty, so that running over the end or
 *			the beginning of a page faults
 *	     510	empty
 *	     511	the page table
 */
#pragma once

#include "arch/x86_64/pcid.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/pte.h"
#include "lib/assert.h"
#include "twin_kmap.h"

#define KMAP_DEPTH 16u /* an interrupt's on top of a task's */

#define KMAP_TABLE_PAGE (PT_ENTRIES - 1)

/*
 * In an empty slot: not zero, but the highest frame there could be, so that a CPU that
 * reads memory speculatively through entries that are not present (L1TF) finds none.
 */
#define KMAP_EMPTY (~PTE_PRESENT)

/* Debug builds: a thread's slots are others than most threads', KMAP_BIAS_STEP apart. */
#define KMAP_BIAS_STEP (2 * KMAP_DEPTH)
#define KMAP_BIASES    (KMAP_TABLE_PAGE / KMAP_BIAS_STEP)

/* The current task's. */
DECLARE_PER_CPU(u32, kmap_bias);

/* The page for the mapping at @depth, counted from 0. */
static ALWAYS_INLINE u64 kmap_slot(u32 depth)
{
	return 2 * (u64)depth + 1 + (CONFIG_DEBUG ? this_cpu_read(kmap_bias) : 0);
}

static ALWAYS_INLINE vaddr_t kmap_slot_address(u32 depth)
{
	return kmap_window() + kmap_slot(depth) * PAGE_SIZE;
}

static ALWAYS_INLINE pte_t *kmap_slot_pte(u32 depth)
{
	pte_t *table = (pte_t *)(kmap_window() + KMAP_TABLE_PAGE * PAGE_SIZE);

	return &table[kmap_slot(depth)];
}

static ALWAYS_INLINE void kmap_set_slot(u32 depth, pte_t pte)
{
	WRITE_ONCE(*kmap_slot_pte(depth), pte);
	tlb_local_page(kmap_slot_address(depth));
}
