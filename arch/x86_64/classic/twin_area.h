/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/classic/twin_area.h - each CPU's entry area has an address of its own,
 * since all CPUs see the same kernel half.
 */
#pragma once

#include "arch/x86_64/layout.h"

#define CPU_AREA_FIRST	CPU_AREAS_BASE
#define CPU_AREA_STRIDE (64 * KIB)

#define KMAP_STRIDE (2 * MIB)

/* Each CPU's kmap_local window, behind all entry areas. */
static inline vaddr_t kmap_base(u32 cpu)
{
	return CPU_AREAS_BASE + GIB + cpu * KMAP_STRIDE;
}

static inline vaddr_t cpu_area_base(u32 cpu)
{
	return CPU_AREA_FIRST + cpu * CPU_AREA_STRIDE;
}
