/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/percpu/twin_load_root.h - the boot CPU's first page table of its own.
 */
#pragma once

#include "arch/x86_64/insn.h"

/* The variables stay at their address, now mapped by @root; nothing else to do. */
static inline void load_first_root(paddr_t root, u64 variables_offset)
{
	(void)variables_offset;
	write_cr3(root);
}
