/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/pte.c - how many levels there are, and where the user half ends for that.
 */
#include "arch/x86_64/layout.h"
#include "arch/x86_64/pte.h"

u32 pt_levels = PT_LEVEL_HALF;
vaddr_t user_end = 1ul << 47;

void pt_set_levels(u32 levels)
{
	pt_levels = levels;
	user_end = (u64)PT_KERNEL_FIRST << pt_shift(levels);
}
