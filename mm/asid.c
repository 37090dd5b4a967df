/* SPDX-License-Identifier: MIT */
/*
 * mm/asid.c - find an mm's slot on this CPU, or take one for it.
 *
 * A slot with a PGD is in the ring; one that gave it back is on the list `bare`, and keeps
 * its tag.  So a victim always has a PGD.  The victim is the first of a few under the hand
 * that has not been used since the hand last came by: nearly the least recently used, at a
 * bounded cost.
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

u64 asid_enter_user(void)
{
	struct slot *s = cpu_tlb.loaded;
	u64 cr3;

	ASSERT(s != NULL, "CPU %u: user mode without an address space", cpu_id);
	cr3 = s->user_cr3;
	s->user_cr3 = cr3 | CR3_NOFLUSH;
	return cr3 & cr3_mask;
}

static struct slot *slot_at(const struct cpu_tlb *t, u32 n)
{
	return &t->chunks[n / SLOTS_PER_CHUNK][n % SLOTS_PER_CHUNK];
}

/* One more record, with a tag and no PGD, on the list.  0 or -ENOMEM. */
static int add_record(struct cpu_tlb *t)
{
	u32 n = t->records;
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
	t->bare = slot_at(t, n);
	t->bare->cr3 = n + 1;
	t->records++;
	return 0;
}

/* Into the ring, where the hand comes by last. */
static void link_slot(struct cpu_tlb *t, struct slot *s)
{
	if (t->hand == NULL) {
		s->next = s;
	} else {
		s->next = t->hand->next;
		t->hand->next = s;
	}
	t->hand = s;
	WRITE_ONCE(t->count, t->count + 1);
}

/* Give one more slot of @cpu a PGD.  NULL: out of memory. */
static struct slot *add_slot(struct cpu_tlb *t, u32 cpu)
{
	struct slot *s;

	if (t->bare == NULL && add_record(t) != 0)
		return NULL;
	s = t->bare;
	if (pgd_policy.prepare(cpu, s, s->cr3 & PCID_MASK) != 0)
		return NULL;
	t->bare = s->next;
	link_slot(t, s);
	return s;
}

int asid_prepare_cpu(u32 cpu)
{
	struct cpu_tlb *t = per_cpu_ptr(&cpu_tlb, cpu);

	if (t->chunks == NULL)
		t->chunks = kzalloc(SLOT_CHUNKS * sizeof(t->chunks[0]));
	if (t->chunks == NULL)
		return -ENOMEM;
	if (pgd_policy.prepare_cpu != NULL && pgd_policy.prepare_cpu(cpu) != 0)
		return -ENOMEM;
	t->neutral = cpus[cpu].neutral_root | PCID_NONE;
	while (t->count < MIN(ASIDS_RESERVE, asids))
		if (add_slot(t, cpu) == NULL)
			return -ENOMEM;
	return 0;
}

/* The one after @s in the ring that is not loaded. */
static struct slot *next_idle(const struct cpu_tlb *t, struct slot *s)
{
	s = s->next;
	return likely(s != t->loaded) ? s : s->next;
}

static struct slot *choose_victim(struct cpu_tlb *t) REQUIRES(irqs_off)
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
	struct slot *s = NULL;

	if (t->count < asids && !page_alloc_is_low())
		s = add_slot(t, cpu_id);
	if (s == NULL)
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

/* The one behind the hand leaves the ring; a loaded one is passed over. */
static struct slot *unlink_idle(struct cpu_tlb *t)
{
	struct slot *s;

	if (t->hand->next == t->loaded)
		t->hand = t->loaded;
	s = t->hand->next;
	t->hand->next = s->next;
	WRITE_ONCE(t->count, t->count - 1);
	if (t->count == 0)
		t->hand = NULL;
	return s;
}

/* One slot serves nobody and has no PGD any more.  How many pages that frees. */
static u32 release_slot(struct cpu_tlb *t)
{
	struct slot *s = unlink_idle(t);
	u32 given;

	shared_store(&s->ctx_id, 0);
	given = pgd_policy.release(s);
	s->next = t->bare;
	t->bare = s;
	return given;
}

u32 asid_give_back(void)
{
	struct cpu_tlb *t = this_cpu_ptr(&cpu_tlb);
	u32 given = 0;

	while (t->count > MIN(ASIDS_RESERVE, asids))
		given += release_slot(t);
	return given + (pgd_policy.give_back != NULL ? pgd_policy.give_back() : 0);
}

bool asid_cpu_has_spare(u32 cpu)
{
	return pgd_policy.has_spare != NULL && pgd_policy.has_spare(cpu);
}

/* Nobody's: as a record was made, but for its tag and its place on the list. */
static void forget(struct slot *s)
{
	ASSERT(s->ctx_id == 0 && (s->cr3 & ~PCID_MASK) == 0,
	       "CPU %u: slot %u serves %lu with CR3 %#lx after it was given back", cpu_id,
	       slot_number(s), s->ctx_id, s->cr3);
	s->tlb_gen = 0;
	s->user_cr3 = 0;
	s->mm = NULL;
	s->counts = NULL;
	s->referenced = 0;
}

void asid_release_cpu(void)
{
	struct cpu_tlb *t = this_cpu_ptr(&cpu_tlb);

	ASSERT(t->loaded == NULL && t->loaded_ctx == 0 && t->loading_ctx == 0,
	       "CPU %u: gives its slots back while mm %lu is loaded", cpu_id, t->loaded_ctx);
	if (pgd_policy.give_back != NULL)
		pgd_policy.give_back();
	while (t->count != 0)
		release_slot(t);
	if (pgd_policy.release_cpu != NULL)
		pgd_policy.release_cpu();
	for (u32 n = 0; n < t->records; n++)
		forget(slot_at(t, n));
}
