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
#include "arch/x86_64/percpu.h"
#include "lib/err.h"
#include "lib/string.h"
#include "mm/cpu_tables.h"
#include "mm/kspace.h"
#include "mm/pgtable.h"

/*
 * The tables of each CPU that are its own.  An attempt that runs out of memory keeps what it
 * has made, and the next one goes on with it.
 */
static struct {
	paddr_t root, level3, user_level3;
} made[MAX_CPUS];

/* Make *@table unless it is there. */
static bool make(paddr_t *table, paddr_t (*alloc)(void))
{
	if (*table == 0)
		*table = alloc();
	return *table != 0;
}

static int map_variables(pte_t *root, const struct cpu_memory *m)
{
	for (u64 at = 0; at < cpu_variables_size(); at += PAGE_SIZE) {
		int err = pgtable_map(root, PERCPU_BASE + at, m->variables + at, PAGE_SIZE,
				      kspace_data_flags(), PT_LEVEL_LEAF);

		if (err && err != -EEXIST) /* an earlier attempt's */
			return err;
	}
	return 0;
}

/* This CPU's entry 511 of user PGDs.  0 or an error. */
static int map_user_side(pte_t *root, u32 cpu, const struct cpu_memory *m)
{
	pte_t *half = kspace_make_half(root), *own;

	if (half == NULL || !make(&made[cpu].user_level3, pgtable_alloc))
		return -ENOMEM;
	own = phys_to_virt(made[cpu].user_level3);
	own[pt_index(KERNEL_BASE, PT_LEVEL_1G)] = kspace_entry_image();
	half[PT_CPU_LOCAL] = pte_table(made[cpu].user_level3);
	return cpu_map_area(root, cpu, m);
}

paddr_t twin_map_cpu(u32 cpu, const struct cpu_memory *m)
{
	const pte_t *shared = kspace_half(phys_to_virt(kspace_root()));
	pte_t *table, *half, *own;

	if (!make(&made[cpu].root, pgtable_alloc_root) || !make(&made[cpu].level3, pgtable_alloc))
		return 0;
	table = phys_to_virt(made[cpu].root);
	half = kspace_make_half(table);
	if (half == NULL)
		return 0;
	own = phys_to_virt(made[cpu].level3);
	memcpy(&half[PT_KERNEL_FIRST], &shared[PT_KERNEL_FIRST],
	       (PT_CPU_LOCAL - PT_KERNEL_FIRST) * sizeof(pte_t));
	own[pt_index(KERNEL_BASE, PT_LEVEL_1G)] = kspace_image_entry();
	half[PT_CPU_LOCAL] = pte_table(made[cpu].level3);

	if (map_variables(table, m) || cpu_map_area(table, cpu, m))
		return 0;
	if (pti_on && map_user_side(pti_user_pgd(table), cpu, m))
		return 0;
	return made[cpu].root;
}
