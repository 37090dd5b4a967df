/* SPDX-License-Identifier: MIT */
/*
 * mm/kmap.c - see kmap.h.
 *
 * INVLPG comes when a PTE is set: it reaches the loaded tag and global entries.  The
 * window's entries are global where they can be; with page-table isolation they are not, and
 * an older one may survive under another tag.  That does no harm while the other tag is
 * not loaded under a live mapping, and who loads it so calls kmap_renew(); the neutral
 * PGD is always loaded with a flush.  The INVLPG at the drop keeps a stale pointer from
 * working.
 */
#include "arch/x86_64/cpu_area.h"
#include "arch/x86_64/pcid.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/smp.h"
#include "lib/assert.h"
#include "lib/err.h"
#include "mm/asid.h"
#include "mm/kmap.h"
#include "mm/kspace.h"
#include "mm/pgtable.h"
#include "mm/trace.h"

static DEFINE_PER_CPU(pte_t *, kmap_table); /* the window's, in the direct map */
static DEFINE_PER_CPU(u32, kmap_depth);

int kmap_prepare_cpu(u32 cpu)
{
	pte_t *root = phys_to_virt(cpus[cpu].neutral_root);
	pte_t *table = pgtable_leaf_table(root, kmap_base(cpu));

	if (table == NULL)
		return -ENOMEM;
	*per_cpu_ptr(&kmap_table, cpu) = table;
	return 0;
}

u32 kmap_depth_now(void)
{
	return kmap_depth;
}

/* Every other slot stays empty, so that running over the end of a page faults. */
static u32 slot_of(u32 depth)
{
	return 2 * depth;
}

void *kmap_local_page(struct page *page)
{
	u32 depth;
	vaddr_t va;

	preempt_disable();
	depth = kmap_depth;
	ASSERT(depth < KMAP_DEPTH, "CPU %u: %u mappings are live already", cpu_id, depth);
	this_cpu_inc(kmap_depth); /* from here on an interrupt takes the slots above */
	va = kmap_base(cpu_id) + slot_of(depth) * PAGE_SIZE;
	kmap_table[slot_of(depth)] =
		page_to_phys(page) | kspace_data_flags() | PTE_ACCESSED | PTE_DIRTY;
	tlb_local_page(va);
	trace(TRACE_KMAP, cpu_tlb.loaded_ctx, page_to_phys(page));
	return (void *)va;
}

void kmap_renew(void)
{
	for (u32 depth = 0; depth < kmap_depth; depth++)
		tlb_local_page(kmap_base(cpu_id) + slot_of(depth) * PAGE_SIZE);
}

void kunmap_local(const void *address)
{
	u32 depth = kmap_depth - 1;
	vaddr_t va = kmap_base(cpu_id) + slot_of(depth) * PAGE_SIZE;

	ASSERT(ALIGN_DOWN((vaddr_t)address, PAGE_SIZE) == va,
	       "CPU %u: drops %p, the last mapping is at %p", cpu_id, address, (void *)va);
	trace(TRACE_KUNMAP, cpu_tlb.loaded_ctx, pte_address(kmap_table[slot_of(depth)]));
	kmap_table[slot_of(depth)] = 0;
	tlb_local_page(va);
	barrier(); /* the slot is free for an interrupt only when it is empty */
	this_cpu_dec(kmap_depth);
	preempt_enable();
}
