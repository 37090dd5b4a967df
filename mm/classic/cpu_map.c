/* SPDX-License-Identifier: MIT */
/*
 * mm/classic/cpu_map.c - one kernel half for all CPUs: only the entry area is mapped,
 * at this CPU's own address; the variables are reached through the direct map and GS.
 */
#include "mm/cpu_tables.h"
#include "mm/kspace.h"

paddr_t twin_map_cpu(u32 cpu, const struct cpu_memory *m)
{
	if (cpu_map_area(phys_to_virt(kspace_root()), cpu, m))
		return 0;
	return kspace_root();
}
