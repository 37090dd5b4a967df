/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/fake/arch/x86_64/layout.h - the address map of the simulated machine.
 */
#pragma once

#include "lib/types.h"

#define MAX_CPUS     4
#define USER_END     user_end
#define USER_MAP_END (USER_END - PAGE_SIZE)

#define SIM_RAM_BASE   0x200000000000ul /* the direct map: physical address 0 on the host */
#define SIM_RAM_SMALL  2048ul		/* frames allocated one by one; behind them, runs of 512 */
#define SIM_RUNS       3ul
#define SIM_RUN_ORDER  9u
#define SIM_RAM_FRAMES (SIM_RAM_SMALL + (SIM_RUNS << SIM_RUN_ORDER))

#define CPU_AREAS_BASE 0xffffc40000000000ul /* no simulated CPU has an area */

extern vaddr_t user_end;

extern char sim_page_array[];
#define PAGES_BASE ((u64)sim_page_array)

static inline bool is_cpu_local(vaddr_t va)
{
	(void)va;
	return false;
}

static inline void *phys_to_virt(paddr_t pa)
{
	return (void *)(pa + SIM_RAM_BASE);
}

static inline paddr_t virt_to_phys(const void *p)
{
	return (paddr_t)p - SIM_RAM_BASE;
}
