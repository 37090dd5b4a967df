/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/pte.h - the bits of a page-table entry, at every level (SDM vol. 3A, 4.5).
 * Building and reading one; walking is mm/'s.
 */
#pragma once

#include "arch/x86_64/cpuid.h"
#include "lib/types.h"

typedef u64 pte_t;

#define PTE_PRESENT  BIT(0)
#define PTE_WRITE    BIT(1)
#define PTE_USER     BIT(2)
#define PTE_PWT	     BIT(3) /* PAT entry 1: write-combining (cpuid.c) */
#define PTE_PCD	     BIT(4) /* PAT entry 2: uncached */
#define PTE_ACCESSED BIT(5)
#define PTE_DIRTY    BIT(6)
#define PTE_LARGE    BIT(7) /* a leaf above the last level */
#define PTE_GLOBAL   BIT(8)
#define PTE_NX	     BIT(63)

#define PTE_ADDRESS 0x000ffffffffff000ul

#define PT_ENTRIES	512u
#define PT_INDEX_BITS	9u
#define PT_LEVEL_LEAF	1u /* 4 KiB pages */
#define PT_LEVEL_2M	2u
#define PT_LEVEL_1G	3u
#define PT_LEVEL_HALF	4u /* whose upper half of entries is the kernel's, see layout.h */
#define PT_LEVEL_TOP	pt_levels
#define PT_KERNEL_FIRST 256u /* first entry of the kernel half, at both levels above */
#define PT_CPU_LOCAL	511u /* the entry that is each CPU's own, at both */

/* PT_LEVEL_HALF, or one more with LA57.  Constant after pt_set_levels(). */
extern u32 pt_levels;

/* The CPU walks @levels levels: so do we from now on.  Once, before a table is made. */
void pt_set_levels(u32 levels);

#define LARGE_PAGE_SIZE (2 * MIB)
#define HUGE_PAGE_SIZE	(1 * GIB)

/* Bits of @va that one entry at @level does not translate: 12 at the last level. */
static inline u32 pt_shift(u32 level)
{
	return PAGE_SHIFT + PT_INDEX_BITS * (level - 1);
}

static inline u32 pt_index(vaddr_t va, u32 level)
{
	return va >> pt_shift(level) & (PT_ENTRIES - 1);
}

static inline paddr_t pte_address(pte_t e)
{
	return e & PTE_ADDRESS;
}

static inline bool pte_present(pte_t e)
{
	return e & PTE_PRESENT;
}

/* Does @e, found at @level, end the walk? */
static inline bool pte_is_leaf(pte_t e, u32 level)
{
	return level == PT_LEVEL_LEAF || (e & PTE_LARGE);
}

/* NX where the CPU has it; without, the bit is reserved. */
static inline pte_t pte_nx(void)
{
	return cpu_features.nx ? PTE_NX : 0;
}

/* What a table's entry in its parent says: leaves decide. */
static inline pte_t pte_table(paddr_t table)
{
	return table | PTE_PRESENT | PTE_WRITE;
}
