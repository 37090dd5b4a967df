/* SPDX-License-Identifier: MIT */
/*
 * mm/totals.c - see totals.h.
 */
#include "arch/x86_64/pcid.h"
#include "arch/x86_64/smp.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mm/asid.h"
#include "mm/counters.h"
#include "mm/totals.h"

/* Without tags no load keeps anything, whatever the slot's generation: none has the bit. */
static void add_cr3_writes(struct totals *t, u64 current, u64 other)
{
	bool keeps = tlb_has_tags();

	t->cr3_keeps += keeps ? current : 0;
	t->cr3_flushes += keeps ? other : current + other;
}

/* A slot is set up at most once for a load, and that load flushes. */
static void derive_cpu(struct totals *t)
{
	t->hits = t->switches - t->slots_set_up;
	add_cr3_writes(t, t->hits - t->switch_flushes,
		       t->slots_set_up + t->switch_flushes + t->whole_flushes + t->neutral_loads);
}

static void add_cpu(u32 cpu, struct totals *t)
{
	const u64 *counts = per_cpu_ptr(&event_counts[0], cpu);

	t->switches += shared_load(&counts[SWITCHES]);
	t->slots_set_up += shared_load(&counts[SLOTS_SET_UP]);
	t->switch_flushes += shared_load(&counts[SWITCH_FLUSHES]);
	t->ring_passes += shared_load(&counts[RING_PASSES]);
	t->neutral_loads += shared_load(&counts[NEUTRAL_LOADS]);
	t->entries_copied += shared_load(&counts[ENTRIES_COPIED]);
	t->lazy_faults += shared_load(&counts[LAZY_FAULTS]);
	t->flushes += shared_load(&counts[FLUSHES]);
	t->ipis_sent += shared_load(&counts[IPIS_SENT]);
	t->ipis_skipped += shared_load(&counts[IPIS_SKIPPED]);
	t->invlpgs += shared_load(&counts[INVLPGS]);
	t->whole_flushes += shared_load(&counts[WHOLE_FLUSHES]);
	t->page_faults += shared_load(&counts[PAGE_FAULTS]);
	t->cow_copies += shared_load(&counts[COW_COPIES]);
}

void cpu_totals(u32 cpu, struct totals *t)
{
	memset(t, 0, sizeof(*t));
	add_cpu(cpu, t);
	derive_cpu(t);
}

void all_totals(struct totals *t)
{
	memset(t, 0, sizeof(*t));
	for (u32 cpu = 0; cpu < cpu_count; cpu++)
		if (percpu_offset[cpu] != 0)
			add_cpu(cpu, t);
	derive_cpu(t);
	t->pgds_now = pgd_pages_now();
	t->pgds_peak = pgd_pages_peak();
}

/* Each load of an mm is a set-up, a flush, a pass, or a hit with a current generation. */
static void add_mm_counts(const struct mm_counts *c, struct totals *t)
{
	u64 current_hits = shared_load(&c->current_hits), set_up = shared_load(&c->slots_set_up);
	u64 passes = shared_load(&c->ring_passes), flushes = shared_load(&c->switch_flushes);
	u64 lazy = shared_load(&c->lazy_faults), whole = shared_load(&c->whole_flushes);

	t->switches += current_hits + passes + flushes + set_up;
	t->hits += current_hits + passes + flushes;
	t->slots_set_up += set_up;
	t->switch_flushes += flushes;
	t->ring_passes += passes;
	add_cr3_writes(t, current_hits + passes, set_up + flushes + whole);
	t->entries_copied += shared_load(&c->set_up_copies) + lazy;
	t->lazy_faults += lazy;
	t->invlpgs += shared_load(&c->invlpgs);
	t->whole_flushes += whole;
	t->pgds_peak += set_up != 0;
}

void mm_totals(struct mm *mm, struct totals *t)
{
	memset(t, 0, sizeof(*t));
	for (u32 cpu = 0; cpu < cpu_count; cpu++) {
		add_mm_counts(&mm->counts[cpu], t);
		t->pgds_now += asid_bound(mm, cpu);
	}
	spin_lock(&mm->lock);
	t->flushes = mm->tlb_gen - MM_FIRST_GEN;
	t->ipis_sent = mm->events.ipis_sent;
	t->ipis_skipped = mm->events.ipis_skipped;
	t->page_faults = mm->events.page_faults;
	t->cow_copies = mm->events.cow_copies;
	spin_unlock(&mm->lock);
}

static void print(const struct totals *t)
{
#define X(name) printk(",\"" #name "\":%lu", t->name);
	TOTALS(X)
#undef X
	printk("}\n");
}

void totals_print(void)
{
	struct totals t;

	for (u32 cpu = 0; cpu < cpu_count; cpu++) {
		if (percpu_offset[cpu] == 0)
			continue;
		cpu_totals(cpu, &t);
		printk("counters: {\"cpu\":%u", cpu);
		print(&t);
	}
	all_totals(&t);
	printk("counters: {\"cpu\":\"all\"");
	print(&t);
}
