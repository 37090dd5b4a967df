/* SPDX-License-Identifier: MIT */
/*
 * mm/asid.c - find an mm's slot on this CPU, or take one for it.
 *
 * Slots 0 .. count - 1 have a PGD, so a victim always has one, and the PGDs given back
 * are the last ones'.  The victim is the first of a few under the hand that has not been
 * used since the hand last came by: nearly the least recently used, at a bounded cost.
 */
#include "arch/x86_64/pcid.h"
#include "arch/x86_64/smp.h"
#include "lib/assert.h"
#include "lib/err.h"
#include "lib/string.h"
#include "mm/asid.h"
#include "mm/counters.h"
#include "mm/page_alloc.h"
#include "mm/pgd.h"
#include "mm/slab.h"
#include "mm/switch.h"
#include "mm/trace.h"

#define VICTIM_LOOKS 8u /* how far the hand may go for one victim */

u32 asids = 16;
enum fill_policy fill_policy = FILL_SETUP;

DEFINE_PER_CPU(struct cpu_tlb, cpu_tlb);
struct slot asid_nobody;

static struct slot *slot_at(const struct cpu_tlb *t, u32 n)
{
	return &t->chunks[n / SLOTS_PER_CHUNK][n % SLOTS_PER_CHUNK];
}

/* Give slot @n = t->count a record and a PGD.  0 or -ENOMEM. */
static int add_slot(struct cpu_tlb *t, u32 cpu)
{
	u32 n = t->count;
	struct slot **chunk = &t->chunks[n / SLOTS_PER_CHUNK];
	struct page *page;

	if (*chunk == NULL) {
		page = alloc_page(ZONE_KERNEL);
		if (page == NULL)
			return -ENOMEM;
		memset(page_address(page), 0, PAGE_SIZE);
		shared_store(chunk, (struct slot *)page_address(page));
		count_slot_page();
	}
	if (pgd_policy.prepare(cpu, slot_at(t, n), n + 1) != 0)
		return -ENOMEM;
	slot_at(t, n)->next = slot_at(t, 0);
	if (n > 0)
		slot_at(t, n - 1)->next = slot_at(t, n);
	else
		t->hand = slot_at(t, 0);
	t->count++;
	return 0;
}

int asid_prepare_cpu(u32 cpu)
{
	struct cpu_tlb *t = per_cpu_ptr(&cpu_tlb, cpu);

	if (t->chunks == NULL)
		t->chunks = kzalloc(SLOT_CHUNKS * sizeof(t->chunks[0]));
	if (t->chunks == NULL)
		return -ENOMEM;
	if (pgd_policy.prepare_cpu(cpu) != 0)
		return -ENOMEM;
	t->neutral = cpus[cpu].neutral_root | PCID_NONE;
	while (t->count < MIN(ASIDS_RESERVE, asids))
		if (add_slot(t, cpu) != 0)
			return -ENOMEM;
	return 0;
}

/* The one after @s in the ring that is not loaded. */
static struct slot *next_idle(const struct cpu_tlb *t, struct slot *s)
{
	s = s->next;
	return likely(s != t->loaded) ? s : s->next;
}

static struct slot *choose_victim(struct cpu_tlb *t)
{
	struct slot *s = t->hand;

	if (unlikely(s->next == s) && t->loaded != NULL)
		switch_to_neutral(); /* one slot in all, and a loaded one is never rebound in place
				      */
	for (u32 look = 0; look < VICTIM_LOOKS; look++) {
		s = next_idle(t, s);
		if (!s->referenced)
			break;
		s->referenced = 0;
	}
	t->hand = s;
	return s;
}

struct slot *asid_bind(struct mm *mm)
{
	struct cpu_tlb *t = this_cpu_ptr(&cpu_tlb);
	struct slot *s;

	if (t->count < asids && add_slot(t, cpu_id) == 0)
		s = slot_at(t, t->count - 1);
	else
		s = choose_victim(t);
	DEBUG_ASSERT(s != t->loaded, "CPU %u: slot %u is loaded and would be rebound", cpu_id,
		     slot_number(s));
	shared_store(&s->ctx_id, mm->ctx_id);
	s->tlb_gen = 0;
	s->referenced = 0;
	s->mm = mm;
	s->counts = &mm->counts[cpu_id];
	s->counts->slots_set_up++;
	pgd_policy.bind(s, mm);
	shared_store(&mm->bound[cpu_id], s);
	/* After ctx_id: see trim() in mm/flush.c. */
	cpumask_set_atomic(&mm->cpus, cpu_id);
	count_event(SLOTS_SET_UP);
	trace(TRACE_BIND, mm->ctx_id, slot_number(s));
	return s;
}

u32 asid_give_back(void)
{
	struct cpu_tlb *t = this_cpu_ptr(&cpu_tlb);
	u32 given = 0;

	while (t->count > MIN(ASIDS_RESERVE, asids)) {
		struct slot *s = slot_at(t, t->count - 1);

		if (s == t->loaded)
			break;
		shared_store(&s->ctx_id, 0);
		pgd_policy.release(s);
		t->count--;
		slot_at(t, t->count - 1)->next = slot_at(t, 0);
		if (t->hand == s)
			t->hand = slot_at(t, 0);
		given++;
	}
	return given;
}
