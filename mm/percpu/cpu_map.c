/* SPDX-License-Identifier: MIT */
/*
 * mm/percpu/cpu_map.c - this CPU's own entry 511 (R1).
 *
 *	neutral PGD	entries 0..255	  empty
 *			entries 256..510  the shared kernel half, copied once, never changed
 *			entry 511	  this CPU's own level-3 table:
 *						510  the kernel image, shared below
 *						511  the CPU-local region: variables, entry area
 *
 * With five levels entries 256..511 of a level-4 table are this, and that table, the CPU's
 * own, hangs in entry 511 of the PGD, whose entries 256..510 are empty.
 *
 * Every PGD that this CPU will ever load gets its entries 256..511 from here.  Isolated,
 * the neutral PGD's pair is where its user PGDs get theirs: 256..510 empty, and below 511
 * entry text, entry data and this CPU's entry area.
 */
#include "arch/x86_64/pti.h"
#include "lib/err.h"
#include "lib/string.h"
#include "mm/cpu_tables.h"
#include "mm/kspace.h"
#include "mm/pgtable.h"

/* This CPU's entry 511 of user PGDs.  0 or an error. */
static int map_user_side(pte_t *root, u32 cpu, const struct cpu_memory *m)
{
	paddr_t level3 = pgtable_alloc();
	pte_t *half = kspace_make_half(root), *own = phys_to_virt(level3);

	if (level3 == 0 || half == NULL)
		return -ENOMEM;
	own[pt_index(KERNEL_BASE, PT_LEVEL_1G)] = kspace_entry_image();
	half[PT_CPU_LOCAL] = pte_table(level3);
	return cpu_map_area(root, cpu, m);
}

paddr_t twin_map_cpu(u32 cpu, const struct cpu_memory *m)
{
	const pte_t *shared = kspace_half(phys_to_virt(kspace_root()));
	paddr_t root = pgtable_alloc_root(), level3 = pgtable_alloc();
	pte_t *table, *half, *own;

	if (root == 0 || level3 == 0)
		return 0;
	table = phys_to_virt(root);
	half = kspace_make_half(table);
	if (half == NULL)
		return 0;
	own = phys_to_virt(level3);
	memcpy(&half[PT_KERNEL_FIRST], &shared[PT_KERNEL_FIRST],
	       (PT_CPU_LOCAL - PT_KERNEL_FIRST) * sizeof(pte_t));
	own[pt_index(KERNEL_BASE, PT_LEVEL_1G)] = kspace_image_entry();
	half[PT_CPU_LOCAL] = pte_table(level3);

	if (pgtable_map(table, PERCPU_BASE, m->variables, cpu_variables_size(), kspace_data_flags(),
			PT_LEVEL_LEAF) ||
	    cpu_map_area(table, cpu, m))
		return 0;
	if (pti_on && map_user_side(pti_user_pgd(table), cpu, m))
		return 0;
	return root;
}
