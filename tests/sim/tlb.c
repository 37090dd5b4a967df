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
#include "tests/sim/operations.h"
#include "tests/sim/schedule.h"
#include "tests/sim/search.h"
#include "tests/sim/tlb.h"

#define TAGS	      (2 * (ASIDS_SIM_MAX + 1)) /* the kernel's, then the user's */
#define ASIDS_SIM_MAX 8u
#define ENTRIES_MAX   192u
#define LEAVES_MAX    8u
#define RIGHTS	      (PTE_PRESENT | PTE_WRITE | PTE_USER)
#define BY_NOBODY     (~0ul)
#define KEY_LEAF      BIT(3) /* besides the address and the level */

struct entry {
	vaddr_t page; /* what it translates */
	pte_t value;
	u64 ctx_id;   /* whose tables these are */
	u64 stale_by; /* the operation that took it away, BY_NOBODY: none did so; 0: not stale */
	u32 level;    /* where it was read: a leaf, or which table comes next */
	u32 age;      /* of the frame it names, when it was read */
};

/* Words that are searched for lie apart. */
struct tag {
	u64 keys[ENTRIES_MAX];
	paddr_t wheres[ENTRIES_MAX]; /* read there */
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
	for (u32 cpu = 0; cpu < SIM_CPUS_MAX; cpu++)
		tlb_drop_all(cpu);
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

static u64 key_of(vaddr_t page, u32 level, bool leaf)
{
	return page | level | (leaf ? KEY_LEAF : 0);
}

static NORETURN void bad_entry(u32 cpu, const struct entry *e, const char *why)
{
	sim_fail("%s: CPU %u, tag %lu: level %u of %#lx is %#lx: %s", is_leaf(e) ? "R3" : "R4", cpu,
		 sim_cr3(cpu) & PCID_MASK, e->level, e->page, e->value, why);
}

/* Nobody may use it any more, ... */
static const char *why_dead(const struct entry *e)
{
	if (e->stale_by == BY_NOBODY)
		return "taken away in memory when no change was under way";
	if (e->stale_by != 0 && !sim_operation_runs(e->stale_by))
		return "the change that took it away has returned";
	if (e->age != memory_age(pte_address(e->value), is_leaf(e) && e->level > PT_LEVEL_LEAF))
		return "the frame it names is freed";
	return NULL;
}

static void keep_only(struct tag *t, u32 to, u32 from)
{
	t->keys[to] = t->keys[from];
	t->wheres[to] = t->wheres[from];
	t->entries[to] = t->entries[from];
}

/* --- instructions --------------------------------------------------------------------------- */

static void check_loaded(u32 cpu);

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
		if (why_dead(e) != NULL)
			bad_entry(cpu, e, why_dead(e));
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
	check_loaded(cpu);
}

/* What names tables goes, and the leaves of @va. */
static void drop_page(struct tag *t, vaddr_t va)
{
	u32 kept = 0;

	for (u32 i = 0; i < t->count; i++)
		if ((t->keys[i] & KEY_LEAF) &&
		    t->entries[i].page != page_of(va, t->entries[i].level))
			keep_only(t, kept++, i);
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

/* Hazard D8: two leaves of different sizes, of which one is @new. */
static void check_sizes(u32 cpu, const struct tag *t, const struct entry *new)
{
	for (u32 i = 0; i < t->count; i++) {
		const struct entry *e = &t->entries[i];

		if (is_leaf(e) && e->level != new->level &&
		    page_of(MAX(e->page, new->page), MAX(e->level, new->level)) ==
			    MIN(e->page, new->page))
			bad_entry(cpu, e, "D8: a leaf of another size is read there");
	}
}

static void remember(u32 cpu, const struct entry *new, paddr_t where)
{
	struct tag *t = loaded_tag(cpu);
	u64 key = key_of(new->page, new->level, is_leaf(new));

	if (!memory_is(pte_address(new->value), !is_leaf(new)))
		bad_entry(cpu, new, "read now, names a frame that is free or of another kind");
	for (u32 i = 0; i < t->count; i++)
		if (t->keys[i] == key && t->wheres[i] == where &&
		    t->entries[i].value == new->value && t->entries[i].stale_by == 0)
			return;
	if (sim_options.large && is_leaf(new))
		check_sizes(cpu, t, new);
	if (t->count == ENTRIES_MAX)
		return;
	t->keys[t->count] = key;
	t->wheres[t->count] = where;
	t->entries[t->count++] = *new;
}

/* How many entries for @key there are, and the @nth. */
static u32 count_cached(const struct tag *t, u64 key)
{
	u32 n = 0;

	for (u32 i = 0; i < t->count; i++)
		n += t->keys[i] == key;
	return n;
}

static const struct entry *nth_cached(const struct tag *t, u64 key, u32 nth)
{
	for (u32 i = 0; i < t->count; i++)
		if (t->keys[i] == key && nth-- == 0)
			return &t->entries[i];
	return NULL;
}

/* Where a walk for @va begins: the root, or below something cached. */
static paddr_t walk_start(u32 cpu, vaddr_t va, u32 *level)
{
	const struct tag *t = loaded_tag(cpu);

	for (u32 l = PT_LEVEL_LEAF + 1; l <= PT_LEVEL_TOP; l++) {
		u64 key = key_of(page_of(va, l), l, false);
		u32 n = count_cached(t, key);

		if (n != 0 && sim_chance(2)) {
			*level = l - 1;
			return pte_address(nth_cached(t, key, sim_random(n))->value);
		}
	}
	*level = PT_LEVEL_TOP;
	return sim_cr3(cpu) & ~PCID_MASK;
}

static paddr_t word_at(u32 cpu, paddr_t table, vaddr_t va, u32 level)
{
	if (!memory_is(table, true))
		sim_fail("R4: CPU %u walks through the free frame %#lx for %#lx", cpu, table, va);
	return table + pt_index(va, level) * sizeof(pte_t);
}

static struct entry entry_of(u32 cpu, vaddr_t va, u32 level, pte_t value)
{
	bool large = level > PT_LEVEL_LEAF && pte_is_leaf(value, level);

	if (pte_address(value) >= SIM_RAM_FRAMES * PAGE_SIZE)
		sim_fail("R4: CPU %u reads %#lx at level %u for %#lx", cpu, value, level, va);
	return (struct entry){ .page = page_of(va, level),
			       .value = value,
			       .ctx_id = loaded_ctx[cpu],
			       .level = level,
			       .age = memory_age(pte_address(value), large) };
}

/* The leaf for @va, all that is read cached; 0: there is none. */
static pte_t walk(u32 cpu, vaddr_t va)
{
	u32 level;
	paddr_t table = walk_start(cpu, va, &level);

	for (;; level--) {
		paddr_t where = word_at(cpu, table, va, level);
		pte_t value = *(const pte_t *)phys_to_virt(where), own;
		struct entry e;

		if (sim_waiting_store(cpu, phys_to_virt(where), &own) && sim_chance(2))
			value = own;
		if (!pte_present(value))
			return 0;
		e = entry_of(cpu, va, level, value);
		remember(cpu, &e, where);
		if (is_leaf(&e))
			return e.value;
		table = pte_address(e.value);
	}
}

void tlb_speculate(u32 cpu, vaddr_t va)
{
	walk(cpu, va);
}

/* --- greed ------------------------------------------------------------------------------------ */

static void read_value(u32 cpu, paddr_t where, vaddr_t va, u32 level, pte_t value)
{
	struct entry e;

	if (!pte_present(value))
		return;
	e = entry_of(cpu, va, level, value);
	remember(cpu, &e, where);
}

/* What is in memory, and a store of its own that waits. */
static void read_one(u32 cpu, paddr_t table, vaddr_t va, u32 level)
{
	paddr_t where = word_at(cpu, table, va, level);
	const pte_t *word = phys_to_virt(where);
	u64 own;

	read_value(cpu, where, va, level, *word);
	if (sim_waiting_store(cpu, word, &own))
		read_value(cpu, where, va, level, own);
}

/* All that @cpu's walker could read for @va, from the root and below anything cached. */
static void read_all(u32 cpu, vaddr_t va)
{
	struct tag *t = loaded_tag(cpu);

	read_one(cpu, sim_cr3(cpu) & ~PCID_MASK, va, PT_LEVEL_TOP);
	for (u32 level = PT_LEVEL_TOP; level > PT_LEVEL_LEAF; level--) {
		u64 key = key_of(page_of(va, level), level, false);

		for (u32 i = 0; i < t->count; i++)
			if (t->keys[i] == key)
				read_one(cpu, pte_address(t->entries[i].value), va, level - 1);
	}
}

/* Does a walk of @cpu for @va from the root read the word at @pa?  Its own stores count. */
static bool walk_reads(u32 cpu, vaddr_t va, paddr_t pa)
{
	paddr_t table = sim_cr3(cpu) & ~PCID_MASK;

	for (u32 level = PT_LEVEL_TOP; level >= PT_LEVEL_LEAF; level--) {
		paddr_t where = table + pt_index(va, level) * sizeof(pte_t);
		pte_t value = *(const pte_t *)phys_to_virt(where);

		if (where == pa)
			return true;
		(void)sim_waiting_store(cpu, phys_to_virt(where), &value);
		if (!pte_present(value) || pte_is_leaf(value, level))
			return false;
		table = pte_address(value);
	}
	return false;
}

/* The word at @pa will change: who can read it does so now. */
static void read_before(paddr_t pa)
{
	for (u32 cpu = 0; cpu < sim_options.cpus; cpu++)
		for (u32 n = 0; loaded_ctx[cpu] != 0 && n < driver_addresses(); n++)
			if (walk_reads(cpu, driver_address(n), pa))
				read_all(cpu, driver_address(n));
}

void tlb_leaves(u32 cpu)
{
	if (sim_options.greed == GREED_ALL && loaded_ctx[cpu] != 0)
		for (u32 n = 0; n < driver_addresses(); n++)
			read_all(cpu, driver_address(n));
}

/* --- accesses ----------------------------------------------------------------------------------
 */

static void drop_for_fault(u32 cpu, vaddr_t va)
{
	struct tag *t = loaded_tag(cpu);
	u32 kept = 0;

	for (u32 i = 0; i < t->count; i++)
		if (t->entries[i].page != page_of(va, t->entries[i].level))
			keep_only(t, kept++, i);
	t->count = kept;
}

/* What an access to @va uses: any leaf that is cached, or what a walk finds. */
static pte_t leaf_for(u32 cpu, vaddr_t va)
{
	const struct tag *t = loaded_tag(cpu);
	u64 small = key_of(page_of(va, PT_LEVEL_LEAF), PT_LEVEL_LEAF, true);
	u64 large = key_of(page_of(va, PT_LEVEL_2M), PT_LEVEL_2M, true);
	u32 smalls = count_cached(t, small), larges = count_cached(t, large);
	u32 n = sim_random(smalls + larges + 1);

	if (n < smalls)
		return nth_cached(t, small, n)->value;
	return n < smalls + larges ? nth_cached(t, large, n - smalls)->value : walk(cpu, va);
}

/* The same of all that could be cached, one of those that differ. */
static pte_t searched_leaf(u32 cpu, vaddr_t va)
{
	const struct tag *t = loaded_tag(cpu);
	pte_t values[LEAVES_MAX];
	u32 n = 0, same;

	read_all(cpu, va);
	for (u32 i = 0; i < t->count && n < LEAVES_MAX; i++) {
		const struct entry *e = &t->entries[i];

		if (!is_leaf(e) || e->page != page_of(va, e->level))
			continue;
		for (same = 0; same < n && values[same] != e->value; same++)
			;
		values[same] = e->value;
		n = MAX(n, same + 1);
	}
	return n == 0 ? 0 : values[search_choose(n)];
}

void tlb_use(void *arg)
{
	struct tlb_use *u = arg;
	pte_t leaf = schedule_options.kind == SCHEDULE_SEARCH ? searched_leaf(u->cpu, u->va)
							      : leaf_for(u->cpu, u->va);

	u->present = pte_present(leaf);
	u->ok = u->present && (!u->write || (leaf & PTE_WRITE));
	sim_trace(u->ok ? "  %lx -> %lx" : "  %lx -> %lx: fault", u->va, leaf, 0, 0);
	if (!u->ok)
		drop_for_fault(u->cpu, u->va);
}

/* --- oracles -----------------------------------------------------------------------------------
 */

static bool takes_away(pte_t old, pte_t new)
{
	return (old & PTE_ADDRESS) != (new &PTE_ADDRESS) || (old & RIGHTS & ~new) ||
	       (new &PTE_NX & ~old);
}

/*
 * What was read there is stale.  With pgd=copy the top level is rewritten for another mm,
 * whose tag differs (R5); what it names is freed with its mm.
 */
static void make_stale(u32 cpu, struct tag *t, u32 i, u64 operation, u64 value)
{
	struct entry *e = &t->entries[i];

	if (e->level == PT_LEVEL_TOP || e->stale_by != 0 || !takes_away(e->value, value))
		return;
	e->stale_by = sim_operation_runs(operation) ? operation : BY_NOBODY;
	if (e->stale_by == BY_NOBODY && t == loaded_tag(cpu))
		bad_entry(cpu, e, why_dead(e));
}

/* A word that is not present was read by nobody, and what was read before is stale. */
void tlb_memory_changes(u64 operation, paddr_t pa, u64 old, u64 value)
{
	if (!pte_present(old) || !takes_away(old, value))
		return;
	if (sim_options.greed != GREED_NONE)
		read_before(pa);
	for (u32 cpu = 0; cpu < sim_options.cpus; cpu++)
		for (struct tag *t = tags[cpu]; t < tags[cpu] + TAGS; t++)
			for (u32 i = 0; i < t->count; i++)
				if (t->wheres[i] == pa)
					make_stale(cpu, t, i, operation, value);
}

/* Those that are not loaded are looked at when they are. */
void tlb_operation_done(u64 operation)
{
	for (u32 cpu = 0; cpu < sim_options.cpus; cpu++) {
		const struct tag *t = loaded_tag(cpu);

		for (u32 i = 0; i < t->count; i++)
			if (t->entries[i].stale_by == operation)
				bad_entry(cpu, &t->entries[i], why_dead(&t->entries[i]));
	}
}

/* Bytes that @e names: a leaf's page, or a table. */
static u64 bytes_named(const struct entry *e)
{
	return is_leaf(e) ? 1ul << pt_shift(e->level) : PAGE_SIZE;
}

void tlb_frames_freed(paddr_t pa, u64 size)
{
	for (u32 cpu = 0; cpu < sim_options.cpus; cpu++) {
		const struct tag *t = loaded_tag(cpu);

		if ((sim_cr3(cpu) & ~PCID_MASK) - pa < size)
			sim_fail("R4: frame %#lx is freed and in CR3 of CPU %u", pa, cpu);
		for (u32 i = 0; i < t->count; i++) {
			paddr_t start = pte_address(t->entries[i].value);

			if (start < pa + size && start + bytes_named(&t->entries[i]) > pa)
				bad_entry(cpu, &t->entries[i], "the frame it names is freed");
		}
	}
}

/* @extra: what this page of a pair adds to entries. */
static void check_word(u32 cpu, u32 i, pte_t have, pte_t want, pte_t extra)
{
	if (have != 0 && ((have | PTE_NX) != (want | PTE_NX) || (have & PTE_NX) != extra))
		sim_fail("R2: CPU %u: entry %u is %#lx, that of mm %lu %#lx", cpu, i, have,
			 loaded_ctx[cpu], want);
}

static const pte_t *living_reference(u32 cpu)
{
	const pte_t *reference = living_reference_of(loaded_ctx[cpu]);

	if (reference == NULL)
		sim_fail("R2: CPU %u has mm %lu loaded, which is dead", cpu, loaded_ctx[cpu]);
	return reference;
}

static void check_pgd(u32 cpu, const pte_t *pgd, pte_t extra)
{
	const pte_t *reference = living_reference(cpu);

	for (u32 i = 0; i < USER_ENTRIES; i++)
		if (pgd[i] != 0)
			check_word(cpu, i, pgd[i], reference[i], extra);
}

/* The kernel's of a pair. */
static pte_t *loaded_pgd(u32 cpu)
{
	return phys_to_virt(sim_cr3(cpu) & ~(PCID_MASK | PTI_PGD_BIT * pti_on));
}

static void check_loaded(u32 cpu)
{
	if (loaded_ctx[cpu] == 0)
		return;
	check_pgd(cpu, loaded_pgd(cpu), pti_kernel_nx());
	if (pti_on)
		check_pgd(cpu, pti_user_pgd(loaded_pgd(cpu)), 0);
}

void tlb_check_loaded(void)
{
	for (u32 cpu = 0; cpu < sim_options.cpus; cpu++)
		check_loaded(cpu);
}

void tlb_memory_changed(paddr_t pa)
{
	for (u32 cpu = 0; cpu < sim_options.cpus; cpu++) {
		u64 into = pa - virt_to_phys(loaded_pgd(cpu));
		u32 i = (u32)(into % PAGE_SIZE / sizeof(pte_t));

		if (loaded_ctx[cpu] != 0 && into < PAGE_SIZE << pti_pgd_order() && i < USER_ENTRIES)
			check_word(cpu, i, *(const pte_t *)phys_to_virt(pa),
				   living_reference(cpu)[i],
				   into < PAGE_SIZE ? pti_kernel_nx() : 0);
	}
}
