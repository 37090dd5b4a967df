/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/classic/twin_load_root.h - the boot CPU's first page table of its own.
 */
#pragma once

#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"

/*
 * GS first: the variables' shared address is mapped by the loader's tables and by @root,
 * their linked address by the loader's alone.
 */
static inline void load_first_root(paddr_t root, u64 variables_offset)
{
	wrmsr(MSR_GS_BASE, variables_offset);
	write_cr3(root);
}
