/* SPDX-License-Identifier: MIT */
/*
 * mm/classic/cpu_map.c - one kernel half for all CPUs: only the entry area is mapped,
 * at this CPU's own address; the variables are reached through the direct map and GS.
 * Isolated, the neutral PGD's pair holds what all user PGDs have of the kernel.
 */
#include "arch/x86_64/pti.h"
#include "mm/cpu_tables.h"
#include "mm/kspace.h"

paddr_t twin_map_cpu(u32 cpu, const struct cpu_memory *m)
{
	pte_t *root = phys_to_virt(kspace_root());

	if (cpu_map_area(root, cpu, m) || (pti_on && cpu_map_area(pti_user_pgd(root), cpu, m)))
		return 0;
	return kspace_root();
}
