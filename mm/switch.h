/* SPDX-License-Identifier: MIT */
/*
 * mm/switch.h - load an mm on this CPU.
 */
#pragma once

#include "arch/x86_64/pcid.h"
#include "lib/lock_check.h"
#include "mm/asid.h"
#include "mm/counters.h"
#include "mm/tlb_check.h"

/*
 * Run this CPU on @next, of which the caller holds a use.  Interrupts off.  Cannot fail.
 * A kernel thread does not call it: it goes on with whatever is loaded (lazy TLB).
 */
void switch_mm(struct mm *next) REQUIRES(irqs_off);

/* After CR3, which serialises: until here changers of the old mm saw it loaded.  mm/'s own. */
static ALWAYS_INLINE void switch_mm_done(struct slot *s, u64 ctx_id)
{
	this_cpu_write(cpu_tlb.loaded, s);
	this_cpu_write(cpu_tlb.loaded_ctx, ctx_id);
	count_event(SWITCHES);
}

/*
 * switch_mm(), if no more is to be done than to load CR3.  Else false, and nothing is loaded: then
 * comes switch_mm(@next) or switch_mm_withdraw().  In line, and calls nothing in release builds.
 */
static ALWAYS_INLINE bool switch_mm_quickly(struct mm *next) REQUIRES(irqs_off)
{
	u64 ctx_id = next->ctx_id;
	struct slot *s;

	if (cpu_tlb.loaded_ctx == ctx_id)
		return true; /* kept up to date by IPIs while it is loaded */
	s = next->hint[cpu_id];

	/* Publish, full barrier, read the generation: pairs with flush_range(). */
	(void)this_cpu_xchg(cpu_tlb.loading_ctx, ctx_id);
	barrier();
	if (unlikely(s->ctx_id != ctx_id || shared_load(&next->tlb_gen) != s->tlb_gen))
		return false;
	tlb_load_value(s->keep_cr3);
	s->referenced = 1;
	s->counts->current_hits++;
	switch_mm_done(s, ctx_id);
	tlb_check();
	return true;
}

/* What switch_mm_quickly() was about to load is not loaded: no more IPIs for it. */
static inline void switch_mm_withdraw(void) REQUIRES(irqs_off)
{
	this_cpu_write(cpu_tlb.loading_ctx, cpu_tlb.loaded_ctx);
}

/* Load the neutral PGD.  Interrupts off. */
void switch_to_neutral(void) REQUIRES(irqs_off);
