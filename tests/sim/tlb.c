/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/tlb.c - see tlb.h.
 *
 * An entry of level n translates the bits of an address down to pt_shift(n); a walk may
 * begin below any cached entry of a level above the last, and what it reads is cached in
 * its turn.  Two entries of one address with different contents are both kept, but two
 * leaves of different sizes must never come together (hazard D8: it may machine-check).
 */
#include <stdio.h>
#include <string.h>

#include "arch/x86_64/pcid.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/pti.h"
#include "arch/x86_64/smp.h"
#include "mm/asid.h"
#include "mm/user_pt.h"
#include "tests/sim/driver.h"
#include "tests/sim/machine.h"
#include "tests/sim/memory.h"
#include "tests/sim/tlb.h"

#define TAGS	      (2 * (ASIDS_SIM_MAX + 1)) /* the kernel's, then the user's */
#define ASIDS_SIM_MAX 8u
#define ENTRIES_MAX   128u
#define RIGHTS	      (PTE_PRESENT | PTE_WRITE | PTE_USER)

struct entry {
	vaddr_t page;  /* what it translates */
	u32 level;     /* where it was read: a leaf, or which table comes next */
	paddr_t where; /* read there */
	pte_t value;
	u64 ctx_id;	  /* whose tables these are */
	u64 stale_by;	  /* the operation that took it away, under way; 0: none */
	const char *dead; /* why nobody may use it any more; NULL */
};

struct tag {
	struct entry entries[ENTRIES_MAX];
	u32 count;
};

static struct tag tags[SIM_CPUS_MAX][TAGS];
static u64 loaded_ctx[SIM_CPUS_MAX]; /* whom the tag in CR3 served when it was loaded */

static struct tag *named_tag(u32 cpu, u64 pcid)
{
	u64 n = pcid & ~PTI_PCID_BIT;

	if (n > ASIDS_SIM_MAX)
		sim_fail("CPU %u: PCID %lu is no slot's", cpu, pcid);
	return &tags[cpu][pcid & PTI_PCID_BIT ? n + TAGS / 2 : n];
}

static struct tag *loaded_tag(u32 cpu)
{
	return named_tag(cpu, sim_cr3(cpu) & PCID_MASK);
}

void tlb_reset(void)
{
	memset(tags, 0, sizeof(tags));
	memset(loaded_ctx, 0, sizeof(loaded_ctx));
}

static bool is_leaf(const struct entry *e)
{
	return pte_is_leaf(e->value, e->level);
}

static vaddr_t page_of(vaddr_t va, u32 level)
{
	return ALIGN_DOWN(va, 1ul << pt_shift(level));
}

static NORETURN void bad_entry(u32 cpu, const struct entry *e, const char *why)
{
	sim_fail("%s: CPU %u, tag %lu: level %u of %#lx is %#lx (read at %#lx): %s",
		 is_leaf(e) ? "R3" : "R4", cpu, sim_cr3(cpu) & PCID_MASK, e->level, e->page,
		 e->value, e->where, why);
}

/* --- instructions --------------------------------------------------------------------------- */

static struct slot *slot_of(u32 cpu, u64 cr3)
{
	const struct cpu_tlb *t = per_cpu_ptr(&cpu_tlb, cpu);
	u32 n = (u32)(cr3 & PCID_MASK & ~PTI_PCID_BIT) - 1;

	return &t->chunks[n / SLOTS_PER_CHUNK][n % SLOTS_PER_CHUNK];
}

static void check_kept(u32 cpu, const struct tag *t)
{
	for (u32 i = 0; i < t->count; i++) {
		const struct entry *e = &t->entries[i];

		if (e->ctx_id != loaded_ctx[cpu])
			sim_fail("R5: CPU %u: tag %lu, loaded for mm %lu without a flush, holds "
				 "level %u of %#lx of mm %lu",
				 cpu, sim_cr3(cpu) & PCID_MASK, loaded_ctx[cpu], e->level, e->page,
				 e->ctx_id);
		if (e->dead != NULL)
			bad_entry(cpu, e, e->dead);
	}
}

void tlb_cr3_written(u32 cpu, u64 value)
{
	struct tag *t = loaded_tag(cpu);
	u64 cr3 = value & ~CR3_NOFLUSH;

	if (!memory_is(cr3 & ~PCID_MASK, true))
		sim_fail("R4: CR3 = %#lx is no table", cr3);
	if (pti_on && !(cr3 & PTI_PGD_BIT) != !(cr3 & PTI_PCID_BIT))
		sim_fail("R5: CR3 = %#lx: one side's PGD with the other's tag", cr3);
	loaded_ctx[cpu] = (cr3 & PCID_MASK) == PCID_NONE ? 0 : slot_of(cpu, cr3)->ctx_id;
	if (value & CR3_NOFLUSH)
		check_kept(cpu, t);
	else
		t->count = 0;
}

/* What names tables goes, and the leaves of @va. */
static void drop_page(struct tag *t, vaddr_t va)
{
	u32 kept = 0;

	for (u32 i = 0; i < t->count; i++)
		if (is_leaf(&t->entries[i]) &&
		    t->entries[i].page != page_of(va, t->entries[i].level))
			t->entries[kept++] = t->entries[i];
	t->count = kept;
}

void tlb_invlpg(u32 cpu, vaddr_t va)
{
	drop_page(loaded_tag(cpu), va);
}

void tlb_drop_page(u32 cpu, u64 pcid, vaddr_t va)
{
	drop_page(named_tag(cpu, pcid), va);
}

void tlb_drop_tag(u32 cpu, u64 pcid)
{
	named_tag(cpu, pcid)->count = 0;
}

void tlb_drop_all(u32 cpu)
{
	for (u32 tag = 0; tag < TAGS; tag++)
		tags[cpu][tag].count = 0;
}

/* --- walks -------------------------------------------------------------------------------------
 */

static void remember(u32 cpu, const struct entry *new)
{
	struct tag *t = loaded_tag(cpu);

	if (!memory_is(pte_address(new->value), !is_leaf(new)))
		bad_entry(cpu, new, "read now, names a frame that is free or of another kind");
	for (u32 i = 0; i < t->count; i++) {
		const struct entry *e = &t->entries[i];

		if (is_leaf(new) && is_leaf(e) && e->level != new->level &&
		    page_of(MAX(e->page, new->page), MAX(e->level, new->level)) ==
			    MIN(e->page, new->page))
			bad_entry(cpu, e, "D8: a leaf of another size is read there");
		if (e->page == new->page && e->level == new->level && e->where == new->where &&
		    e->value == new->value && e->stale_by == 0)
			return;
	}
	if (t->count < ENTRIES_MAX)
		t->entries[t->count++] = *new;
}

/* One of the leaves (or others) of @level for @va, or NULL. */
static const struct entry *any_cached(u32 cpu, vaddr_t va, u32 level, bool leaf)
{
	const struct tag *t = loaded_tag(cpu);
	const struct entry *found = NULL;
	u32 n = 0;

	for (u32 i = 0; i < t->count; i++)
		if (t->entries[i].level == level && is_leaf(&t->entries[i]) == leaf &&
		    t->entries[i].page == page_of(va, level) && sim_chance(++n))
			found = &t->entries[i];
	return found;
}

/* Where a walk for @va begins: the root, or below something cached. */
static paddr_t walk_start(u32 cpu, vaddr_t va, u32 *level)
{
	for (u32 l = PT_LEVEL_LEAF + 1; l <= PT_LEVEL_TOP; l++) {
		const struct entry *e = any_cached(cpu, va, l, false);

		if (e != NULL && sim_chance(2)) {
			*level = l - 1;
			return pte_address(e->value);
		}
	}
	*level = PT_LEVEL_TOP;
	return sim_cr3(cpu) & ~PCID_MASK;
}

/* The leaf for @va, all that is read cached; 0: there is none. */
static pte_t walk(u32 cpu, vaddr_t va)
{
	u32 level;
	paddr_t table = walk_start(cpu, va, &level);

	for (;; level--) {
		struct entry e = { .page = page_of(va, level), .level = level };

		if (!memory_is(table, true))
			sim_fail("R4: CPU %u walks through the free frame %#lx for %#lx", cpu,
				 table, va);
		e.where = table + pt_index(va, level) * sizeof(pte_t);
		e.value = sim_walker_read(cpu, phys_to_virt(e.where));
		e.ctx_id = loaded_ctx[cpu];
		if (!pte_present(e.value))
			return 0;
		remember(cpu, &e);
		if (is_leaf(&e))
			return e.value;
		table = pte_address(e.value);
	}
}

void tlb_speculate(u32 cpu, vaddr_t va)
{
	walk(cpu, va);
}

static void drop_for_fault(u32 cpu, vaddr_t va)
{
	struct tag *t = loaded_tag(cpu);
	u32 kept = 0;

	for (u32 i = 0; i < t->count; i++)
		if (t->entries[i].page != page_of(va, t->entries[i].level))
			t->entries[kept++] = t->entries[i];
	t->count = kept;
}

/* One of the leaves for @va, or NULL. */
static const struct entry *any_leaf(u32 cpu, vaddr_t va)
{
	const struct entry *e = any_cached(cpu, va, PT_LEVEL_LEAF, true);

	return e != NULL ? e : any_cached(cpu, va, PT_LEVEL_2M, true);
}

void tlb_use(void *arg)
{
	struct tlb_use *u = arg;
	const struct entry *cached = any_leaf(u->cpu, u->va);
	pte_t leaf = cached != NULL && !sim_chance(4) ? cached->value : walk(u->cpu, u->va);

	u->present = pte_present(leaf);
	u->ok = u->present && (!u->write || (leaf & PTE_WRITE));
	sim_trace(u->ok ? "  %lx -> %lx" : "  %lx -> %lx: fault", u->va, leaf, 0, 0);
	if (!u->ok)
		drop_for_fault(u->cpu, u->va);
}

/* --- oracles -----------------------------------------------------------------------------------
 */

static void kill(u32 cpu, u32 tag, struct entry *e, const char *why)
{
	if (loaded_tag(cpu) == &tags[cpu][tag])
		bad_entry(cpu, e, why);
	e->dead = why;
}

#define for_each_cached(cpu, tag, e)                                                               \
	for (u32 cpu = 0; cpu < sim_options.cpus; cpu++)                                           \
		for (u32 tag = 0; tag < TAGS; tag++)                                               \
			for (struct entry *e = tags[cpu][tag].entries;                             \
			     e < tags[cpu][tag].entries + tags[cpu][tag].count; e++)

static bool takes_away(pte_t old, pte_t new)
{
	return (old & PTE_ADDRESS) != (new &PTE_ADDRESS) || (old & RIGHTS & ~new) ||
	       (new &PTE_NX & ~old);
}

void tlb_memory_changed(u32 writer, u64 operation, paddr_t pa, u64 value)
{
	bool runs = sim_operation_runs(writer, operation);

	for_each_cached(cpu, tag, e)
	{
		/* With pgd=copy the top level is rewritten for another mm, whose tag differs
		 * (R5); what it names is freed with its mm. */
		if (e->level == PT_LEVEL_TOP || e->where != pa || e->dead != NULL ||
		    !takes_away(e->value, value))
			continue;
		if (runs)
			e->stale_by = operation;
		else
			kill(cpu, tag, e, "taken away in memory after the change returned");
	}
}

void tlb_operation_done(u64 operation)
{
	for_each_cached(cpu, tag, e) if (e->stale_by == operation && e->dead == NULL)
		kill(cpu, tag, e, "the change that took it away has returned");
}

/* Bytes that @e names: a leaf's page, or a table. */
static u64 bytes_named(const struct entry *e)
{
	return is_leaf(e) ? 1ul << pt_shift(e->level) : PAGE_SIZE;
}

void tlb_frames_freed(paddr_t pa, u64 size)
{
	for (u32 cpu = 0; cpu < sim_options.cpus; cpu++)
		if ((sim_cr3(cpu) & ~PCID_MASK) - pa < size)
			sim_fail("R4: frame %#lx is freed and in CR3 of CPU %u", pa, cpu);
	for_each_cached(cpu, tag, e)
	{
		paddr_t start = pte_address(e->value);

		if (start < pa + size && start + bytes_named(e) > pa && e->dead == NULL)
			kill(cpu, tag, e, "the frame it names is freed");
	}
}

/* @extra: what this page of a pair adds to entries. */
static void check_pgd(u32 cpu, const pte_t *pgd, u64 ctx_id, pte_t extra)
{
	const pte_t *reference = driver_reference(ctx_id);

	if (reference == NULL)
		sim_fail("R2: CPU %u has mm %lu loaded, which is dead", cpu, ctx_id);
	for (u32 i = 0; i < USER_ENTRIES; i++)
		if (pgd[i] != 0 && (pgd[i] | PTE_NX) != (reference[i] | PTE_NX))
			sim_fail("R2: CPU %u: entry %u is %#lx, that of mm %lu %#lx", cpu, i,
				 pgd[i], ctx_id, reference[i]);
		else if (pgd[i] != 0 && (pgd[i] & PTE_NX) != extra)
			sim_fail("R2: CPU %u: entry %u is %#lx, that of mm %lu %#lx", cpu, i,
				 pgd[i], ctx_id, reference[i]);
}

void tlb_check_loaded(void)
{
	for (u32 cpu = 0; cpu < sim_options.cpus; cpu++) {
		u64 cr3 = sim_cr3(cpu);
		pte_t *pgd = phys_to_virt(cr3 & ~(PCID_MASK | PTI_PGD_BIT * pti_on));

		if ((cr3 & PCID_MASK) == PCID_NONE)
			continue;
		check_pgd(cpu, pgd, loaded_ctx[cpu], pti_kernel_nx());
		if (pti_on)
			check_pgd(cpu, pti_user_pgd(pgd), loaded_ctx[cpu], 0);
	}
}
