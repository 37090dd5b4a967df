/* SPDX-License-Identifier: MIT */
/*
 * mm/kmap.c - see kmap.h: what comes up and down with a task, and what goes wrong.
 *
 * INVLPG comes when a PTE is set: it reaches the loaded tag and global entries.  The
 * window's entries are global where they can be; with page-table isolation they are not, and
 * an older one may survive under another tag.  That does no harm while the other tag is
 * not loaded under a live mapping.  Who loads it so calls kmap_renew(), or, as a switch does,
 * puts the mappings up after the load; the neutral PGD is always loaded with a flush.  The
 * INVLPG when a mapping goes keeps a stale pointer from working.
 */
#include "arch/x86_64/cpu_area.h"
#include "arch/x86_64/smp.h"
#include "lib/err.h"
#include "lib/ksyms.h"
#include "lib/log.h"
#include "mm/kmap.h"
#include "mm/kspace.h"
#include "mm/pgtable.h"

enum kmap_kind kmap_kind;
const char *const kmap_words[] = { "window", "direct", NULL };

DEFINE_PER_CPU(u32, kmap_depth);
DEFINE_PER_CPU(u32, kmap_bias);
DEFINE_PER_CPU(u64, kmap_site[KMAP_DEPTH]);

pte_t kmap_flags;

int kmap_prepare_cpu(u32 cpu)
{
	pte_t *root = phys_to_virt(cpus[cpu].neutral_root);
	pte_t *table = pgtable_leaf_table(root, kmap_base(cpu));

	if (table == NULL)
		return -ENOMEM;
	kmap_flags = kspace_data_flags() | PTE_ACCESSED | PTE_DIRTY;
	for (u32 i = 0; i < KMAP_TABLE_PAGE; i++)
		table[i] = KMAP_EMPTY;
	table[KMAP_TABLE_PAGE] = virt_to_phys(table) | kmap_flags;
	return 0;
}

/* --- what goes wrong ---------------------------------------------------------------------- */

static void print_mappings(void)
{
	for (u32 depth = kmap_depth; depth-- > 0;) {
		struct ksym_place site = ksym_place(kmap_site[depth]);

		printk("kmap: %p was mapped in %s+%#lx\n", (void *)kmap_slot_address(depth),
		       site.function, site.offset);
	}
}

void kmap_panic_overflow(void)
{
	/* The call returns never: what lies behind it may be another function. */
	struct ksym_place here = ksym_place((u64)__builtin_return_address(0) - 1);

	print_mappings();
	panic("kmap_local_page() in %s+%#lx: %u pages are mapped already", here.function,
	      here.offset, kmap_depth);
}

void kmap_panic_leak(const char *name, const char *what)
{
	u32 n = kmap_depth;
	struct ksym_place site = ksym_place(kmap_site[n - 1]);

	print_mappings();
	panic("thread %s %s with %u pages mapped, the last in %s+%#lx", name, what, n,
	      site.function, site.offset);
}

void kunmap_other(const void *address)
{
	u64 caller = (u64)__builtin_return_address(0);
	struct ksym_place here, last = { "nothing", 0 };
	vaddr_t va = (vaddr_t)address;
	u32 n = kmap_depth;

	if (kmap_kind == KMAP_DIRECT && va >= DIRECT_MAP_BASE && va < DIRECT_MAP_END)
		return;
	here = ksym_place(caller);
	if (n > 0)
		last = ksym_place(kmap_site[n - 1]);
	print_mappings();
	panic("kunmap_local(%p) in %s+%#lx, but the last of %u mappings was made in %s+%#lx",
	      address, here.function, here.offset, n, last.function, last.offset);
}

void kmap_check_map(u32 depth)
{
	pte_t pte = READ_ONCE(*kmap_slot_pte(depth));

	ASSERT(nmi_depth == 0, "kmap_local_page() in an NMI");
	ASSERT(pte == KMAP_EMPTY, "free slot %lu holds %#lx", kmap_slot(depth), pte);
}

void kmap_check_unmap(u32 depth)
{
	pte_t pte = READ_ONCE(*kmap_slot_pte(depth));

	ASSERT(pte_present(pte), "slot %lu is live and holds %#lx", kmap_slot(depth), pte);
}

void kmap_check_switch(void)
{
	ASSERT(kmap_depth <= KMAP_DEPTH, "CPU %u: %u pages are mapped", cpu_id, kmap_depth);
	for (u32 depth = kmap_depth; depth < KMAP_DEPTH; depth++) {
		pte_t pte = READ_ONCE(*kmap_slot_pte(depth));

		ASSERT(pte == KMAP_EMPTY, "CPU %u: %u pages are mapped, and slot %lu holds %#lx",
		       cpu_id, kmap_depth, kmap_slot(depth), pte);
	}
}

/* --- tasks -------------------------------------------------------------------------------- */

void kmap_renew(void)
{
	for (u32 depth = 0; depth < kmap_depth; depth++)
		tlb_local_page(kmap_slot_address(depth));
}

void kmap_stack_init(struct kmap_stack *s)
{
	static u32 next;

	s->depth = 0;
	s->bias = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED) % KMAP_BIASES * KMAP_BIAS_STEP;
}

void kmap_take_down(struct kmap_stack *s)
{
	u32 n = kmap_depth;

	for (u32 depth = 0; depth < n; depth++) {
		s->pte[depth] = READ_ONCE(*kmap_slot_pte(depth));
		s->site[depth] = kmap_site[depth];
		kmap_set_slot(depth, KMAP_EMPTY);
	}
	s->depth = n;
	this_cpu_write(kmap_depth, 0);
}

void kmap_put_up(struct kmap_stack *s)
{
	u32 n = s->depth;

	for (u32 depth = 0; depth < n; depth++) {
		kmap_set_slot(depth, s->pte[depth]);
		kmap_site[depth] = s->site[depth];
	}
	this_cpu_write(kmap_depth, n);
	s->depth = 0;
}
