/* SPDX-License-Identifier: MIT */
/*
 * mm/classic/cpu_map.c - one kernel half for all CPUs: only the entry area is mapped,
 * at this CPU's own address; the variables are reached through the direct map and GS.
 * Isolated, the neutral PGD's pair holds what all user PGDs have of the kernel: the areas,
 * and of each CPU's variables the pages that entry code needs there.
 */
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/pti.h"
#include "lib/err.h"
#include "mm/cpu_tables.h"
#include "mm/kspace.h"
#include "mm/pgtable.h"

extern const u8 percpu_entry_begin[], percpu_entry_end[]; /* linker.ld */

/* At the addresses that GS leads to. */
static int map_entry_variables(pte_t *root, const struct cpu_memory *m)
{
	paddr_t first = m->variables + ((vaddr_t)percpu_entry_begin - PERCPU_BASE);

	for (u64 at = 0; at < (u64)(percpu_entry_end - percpu_entry_begin); at += PAGE_SIZE) {
		int err = pgtable_map(root, (vaddr_t)phys_to_virt(first + at), first + at,
				      PAGE_SIZE, kspace_data_flags(), PT_LEVEL_LEAF);

		if (err && err != -EEXIST) /* an earlier attempt's */
			return err;
	}
	return 0;
}

static int map_user_side(pte_t *root, u32 cpu, const struct cpu_memory *m)
{
	int err = cpu_map_area(root, cpu, m);

	return err ? err : map_entry_variables(root, m);
}

paddr_t twin_map_cpu(u32 cpu, const struct cpu_memory *m)
{
	pte_t *root = phys_to_virt(kspace_root());

	if (cpu_map_area(root, cpu, m) || (pti_on && map_user_side(pti_user_pgd(root), cpu, m)))
		return 0;
	return kspace_root();
}
