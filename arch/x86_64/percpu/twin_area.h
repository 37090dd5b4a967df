/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/percpu/twin_area.h - the entry area is at one address: behind the
 * variables, inside the 2 MiB that each CPU maps to its own memory.
 */
#pragma once

#include "arch/x86_64/layout.h"

#define CPU_AREA_OFFSET 0x100000ul /* linker.ld: PERCPU_MAX */
#define CPU_AREA_FIRST	(PERCPU_BASE + CPU_AREA_OFFSET)
#define CPU_AREA_STRIDE 0ul

/* The kmap_local window: 2 MiB at one address, with a page table of each CPU's own. */
static inline vaddr_t kmap_base(u32 cpu)
{
	(void)cpu;
	return PERCPU_END;
}

static inline vaddr_t cpu_area_base(u32 cpu)
{
	(void)cpu;
	return CPU_AREA_FIRST;
}
