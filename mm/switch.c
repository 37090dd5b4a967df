/* SPDX-License-Identifier: MIT */
/*
 * mm/switch.c - see switch.h.  The ordering argument is in mm/flush.c.
 */
#include "arch/x86_64/pcid.h"
#include "lib/assert.h"
#include "mm/asid.h"
#include "mm/counters.h"
#include "mm/flush.h"
#include "mm/pgd.h"
#include "mm/switch.h"
#include "mm/tlb_check.h"
#include "mm/trace.h"

void switch_to_neutral(void)
{
	this_cpu_write(cpu_tlb.loading_ctx, 0);
	tlb_load_flush(cpu_tlb.neutral);
	this_cpu_write(cpu_tlb.loaded, NULL);
	this_cpu_write(cpu_tlb.loaded_ctx, 0);
	count_event(NEUTRAL_LOADS);
	trace(TRACE_NEUTRAL, 0, 0);
	tlb_check();
}

/* Are the translations that @s's tag holds good at generation @gen? */
static ALWAYS_INLINE bool may_keep(struct slot *s, u64 gen)
{
	if (s->tlb_gen == 0)
		return false;
	if (s->tlb_gen == gen) {
		s->referenced = 1;
		s->counts->current_hits++;
		return true;
	}
	if (tlb_has_tags() && flush_can_pass(s, gen)) {
		s->counts->ring_passes++;
		count_event(RING_PASSES);
		trace(TRACE_RING_PASS, s->ctx_id, gen);
		return true;
	}
	s->counts->switch_flushes++;
	count_event(SWITCH_FLUSHES);
	asid_owe_user_flush(s);
	trace(TRACE_SWITCH_FLUSH, s->ctx_id, gen);
	return false;
}

static ALWAYS_INLINE void load(struct slot *s, u64 ctx_id, u64 gen, bool keep)
{
	if (keep)
		tlb_load_keep(s->cr3);
	else
		tlb_load_flush(s->cr3);
	s->keep_cr3 = tlb_keep_value(s->cr3); /* for the next time, if it hits */
	s->tlb_gen = gen;
	switch_mm_done(s, ctx_id);
	trace(TRACE_SWITCH, ctx_id, slot_number(s));
	tlb_check();
}

/*
 * The PGD is rewritten at each switch.  What the tag may keep is decided before .activate
 * adds to slot.held: a translation below an entry that arrives now is younger than the
 * generation just read.
 */
static NOINLINE void switch_rewriting(struct mm *next) REQUIRES(irqs_off)
{
	struct slot *s = next->bound[cpu_id];
	bool keep;
	u64 gen;

	if (s->ctx_id != next->ctx_id)
		s = asid_bind(next);
	if (cpu_tlb.loaded != NULL)
		switch_to_neutral();
	(void)this_cpu_xchg(cpu_tlb.loading_ctx, next->ctx_id);
	gen = shared_load(&next->tlb_gen);
	keep = may_keep(s, gen);
	pgd_policy.activate(s, keep);
	load(s, next->ctx_id, gen, keep);
}

/*
 * No slot, one that lags, or switches are traced.  loading_ctx is published.  The generation is
 * read (again) after the bind, whose locked operation put this CPU into mm->cpus: a changer that
 * does not look here has raised it before.
 */
static NOINLINE void switch_slow(struct mm *next) REQUIRES(irqs_off)
{
	struct slot *s = next->bound[cpu_id];
	u64 gen;

	if (unlikely(pgd_policy.activate != NULL)) {
		switch_rewriting(next);
		return;
	}
	if (s->ctx_id != next->ctx_id) {
		s = asid_bind(next);
		(void)this_cpu_xchg(cpu_tlb.loading_ctx,
				    next->ctx_id); /* it may have gone neutral */
	}
	gen = shared_load(&next->tlb_gen);
	load(s, next->ctx_id, gen, may_keep(s, gen));
}

void switch_mm(struct mm *next)
{
	if (unlikely(!switch_mm_quickly(next)))
		switch_slow(next);
}
