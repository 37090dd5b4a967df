/* SPDX-License-Identifier: MIT */
/*
 * mm/flush.c - the shootdown protocol.
 *
 * A changer, under mm->lock			A CPU that uses the mm
 *
 *  1 changes leaves (takes tables out)		 a loading_ctx = mm (xchg: full barrier)
 *  2 writes the record of gen + 1		 b reads tlb_gen
 *  3 raises tlb_gen (locked: full barrier)	 c loads CR3, flushing if its slot lags
 *  4 reads each CPU's loading_ctx, loaded_ctx,	 d loaded, loaded_ctx = mm
 *    loaded slot, and the slot's held bits	   ...
 *  5 sends IPIs together, flushes its own TLB,	 e (percpu, by a fault) held bit;
 *    waits for all together			   full barrier; entry copied
 *  6 frees what it took out
 *
 * Why no old translation survives (R3):
 *
 *  - A CPU on its way in.  If 4 does not see a, then 3 comes before b in the order of all
 *    locked operations, so b reads the new generation, and c flushes or has nothing old.
 *  - A CPU on its way out.  It gives loaded_ctx another value only after its CR3 write,
 *    and 4 reads loaded_ctx after loading_ctx, so if 4 does not see the mm there, its tables are no
 * longer loaded: nothing is walked any more, and the tag waits for its next load, which lags.
 *  - A CPU that has the mm loaded but not the entry.  If 4 does not see e's bit, then 3
 *    comes before e's barrier, so the copy, and any walk through it, sees 1.  No IPI is
 *    needed, and the record tells the slot later that it missed nothing.
 *  - An inactive slot is not told: when it is loaded its generation lags, and it is
 *    flushed unless every record it missed is still in the ring, none freed tables, and
 *    none touches an entry that it holds.
 *
 * Why no table is reachable when 6 frees it (R4): a freed table is recorded as touching
 * all entries, so each CPU that has the mm loaded, lazily or not, answers after a whole
 * flush, paging-structure caches included, and an inactive slot flushes before use.
 *
 * No CPU writes another's slot.  The changer holds the mm's lock until 6, so that nobody
 * maps a new page where another CPU may still see the old one.
 */
#include "arch/x86_64/ipi.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/pcid.h"
#include "arch/x86_64/pti.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/tlb_mailbox.h"
#include "lib/assert.h"
#include "mm/counters.h"
#include "mm/flush.h"
#include "mm/pgd.h"
#include "mm/switch.h"
#include "mm/trace.h"

/* What a slot owes: nothing, some pages, or everything. */
struct debt {
	bool whole;
	vaddr_t start, end; /* empty: start == end */
	u64 stride;
};

/* Copy the record of @gen.  False: it has been overwritten, or is being. */
static bool read_record(struct mm *mm, u64 gen, struct flush_record *out)
{
	struct flush_record *r = &mm->ring[gen % FLUSH_RING];

	if (shared_load(&r->gen) != gen)
		return false;
	out->start = shared_load(&r->start);
	out->end = shared_load(&r->end);
	out->stride = shared_load(&r->stride);
	return shared_load(&r->gen) == gen; /* loads are in order: it was whole */
}

static void write_record(struct mm *mm, u64 gen, vaddr_t start, vaddr_t end, u64 stride)
{
	struct flush_record *r = &mm->ring[gen % FLUSH_RING];

	shared_store(&r->gen, 0);
	shared_store(&r->start, start);
	shared_store(&r->end, end);
	shared_store(&r->stride, stride);
	shared_store(&r->gen, gen); /* stores are in order: gen says that the rest is there */
}

/* Too far for INVLPGs, @stride apart; FLUSH_WHOLE always is. */
static ALWAYS_INLINE bool too_many(vaddr_t start, vaddr_t end, u64 stride)
{
	return end - start > FLUSH_PAGES_MAX * stride;
}

/* The smaller of two strides reaches what either would. */
static void add_debt(struct debt *d, const struct flush_record *r)
{
	if (d->start == d->end) {
		d->start = r->start;
		d->end = r->end;
		d->stride = r->stride;
	} else {
		d->start = MIN(d->start, r->start);
		d->end = MAX(d->end, r->end);
		d->stride = MIN(d->stride, r->stride);
	}
	d->whole |= too_many(d->start, d->end, d->stride);
}

/* What @s has missed on the way to @gen. */
static struct debt debt_of(const struct slot *s, u64 gen)
{
	struct debt d = { .whole = gen - s->tlb_gen > FLUSH_RING };
	struct flush_record r;

	for (u64 g = s->tlb_gen + 1; g <= gen && !d.whole; g++) {
		if (!read_record(s->mm, g, &r))
			d.whole = true;
		else if (r.stride == FLUSH_WHOLE || pgd_may_hold(s, r.start, r.end))
			add_debt(&d, &r);
	}
	return d;
}

bool flush_can_pass(const struct slot *s, u64 gen)
{
	struct debt d = debt_of(s, gen);

	return !d.whole && d.start == d.end;
}

/*
 * For one tag there is a short cut, see sync_own(); isolated, a slot has two, and none.
 * Constant after flush_init().
 */
static u64 own_pages_max = FLUSH_PAGES_MAX;

bool flush_tells;

void flush_init(void)
{
	own_pages_max = pti_on ? 0 : FLUSH_PAGES_MAX;
	flush_tells = tlb_mailbox_on;
}

static ALWAYS_INLINE void flush_own_pages(struct slot *s, vaddr_t start, vaddr_t end, u64 stride)
{
	for (vaddr_t va = start; va < end; va += stride) {
		tlb_local_page(va);
		s->counts->invlpgs++;
		count_event(INVLPGS);
	}
}

/*
 * INVLPG and a CR3 write reach the kernel's tag, which is loaded.  The user's pays page by
 * page where it can be named, else when it is loaded.
 */
static void pay_user_side(struct slot *s, const struct debt *d)
{
	u32 tag = (u32)(s->user_cr3 & PCID_MASK);
	bool paid = !d->whole;

	for (vaddr_t va = d->start; va < d->end && paid; va += d->stride)
		paid = tlb_other_tag_page(tag, va);
	if (!paid)
		asid_owe_user_flush(s);
}

static void pay(struct slot *s, const struct debt *d)
{
	if (pti_on)
		pay_user_side(s, d);
	if (d->whole) {
		tlb_load_flush(s->cr3);
		s->counts->whole_flushes++;
		count_event(WHOLE_FLUSHES);
		trace(TRACE_WHOLE_FLUSH, s->ctx_id, 0);
		return;
	}
	flush_own_pages(s, d->start, d->end, d->stride);
	trace(TRACE_INVLPG, s->ctx_id, d->start);
}

/* Bring the loaded slot up to date.  Interrupts off. */
static void sync_loaded(void)
{
	struct slot *s = cpu_tlb.loaded;
	u64 gen = shared_load(&s->mm->tlb_gen);
	struct debt d;

	if (s->tlb_gen == gen)
		return; /* somebody else's IPI brought this too */
	d = debt_of(s, gen);
	pay(s, &d);
	s->tlb_gen = gen;
}

static void sync_if_loaded(void *arg)
{
	const struct mm *mm = arg;

	if (cpu_tlb.loaded_ctx == mm->ctx_id)
		sync_loaded();
}

static void drop_if_loaded(void *arg) REQUIRES(irqs_off)
{
	const struct mm *mm = arg;

	if (cpu_tlb.loaded_ctx == mm->ctx_id)
		switch_to_neutral();
}

/*
 * @cpu has no use for @mm at this moment.  If its slot serves another by now, it need
 * not be looked at again.  The binder stores ctx_id before it sets its bit (locked), and
 * the bit is cleared (locked) before ctx_id is read here: if the clearing undid a
 * binding, it is seen, and undone.  Changers are serialised by mm->lock, so none looks in
 * between.
 */
static void trim(struct mm *mm, u32 cpu) REQUIRES(mm->lock)
{
	if (asid_bound(mm, cpu))
		return;
	cpumask_clear_atomic(&mm->cpus, cpu);
	if (asid_bound(mm, cpu))
		cpumask_set_atomic(&mm->cpus, cpu);
}

/*
 * Must @cpu be told of a change of [start, end)?  Of all ranges where tables were freed:
 * then start == end.
 */
static bool needs_ipi(struct mm *mm, u32 cpu, vaddr_t start, vaddr_t end) REQUIRES(mm->lock)
{
	struct cpu_tlb *t = per_cpu_ptr(&cpu_tlb, cpu);
	/* In this order: a CPU that leaves in between is seen by one of them. */
	u64 loading = shared_load(&t->loading_ctx), loaded = shared_load(&t->loaded_ctx);
	struct slot *s;

	if (loaded != mm->ctx_id && loading != mm->ctx_id) {
		trim(mm, cpu);
		return false;
	}
	s = shared_load(&t->loaded);
	if (start == end || loaded != loading || s == NULL ||
	    shared_load(&s->ctx_id) != mm->ctx_id || pgd_may_hold(s, start, end))
		return true;
	mm->events.ipis_skipped++;
	count_event(IPIS_SKIPPED);
	trace(TRACE_IPI_SKIPPED, mm->ctx_id, cpu);
	return false;
}

/* Tell those who need it, do one's own part, wait for all.  With flush_tells, alone too. */
static NOINLINE void tell_others(struct mm *mm, vaddr_t start, vaddr_t end, ipi_fn fn)
	REQUIRES(mm->lock)
{
	struct cpumask candidates = mm->cpus, targets = { 0 };
	u32 cpu, self = cpu_id, others = 0;

	trace(fn == drop_if_loaded ? TRACE_DROP : TRACE_FLUSH, mm->ctx_id, start);
	cpumask_set(&targets, self);
	for_each_cpu (cpu, &candidates)
		if (cpu != self && needs_ipi(mm, cpu, start, end)) {
			cpumask_set(&targets, cpu);
			others++;
		}
	mm->events.ipis_sent += others;
	count_events(IPIS_SENT, others);
	if (others != 0)
		trace(TRACE_IPI, mm->ctx_id, targets.bits[0] & ~(self < 64 ? BIT(self) : 0));
	run_on_cpus(&targets, fn, mm);
	tlb_announce_done();
}

/* Is a CPU other than this one in @mask? */
static bool others_in(const struct cpumask *mask)
{
	u32 self = cpu_id, own = self / 64, words = DIV_ROUND_UP(cpu_count, 64u);
	u64 others = mask->bits[own] & ~BIT(self % 64);

	for (u32 w = 0; w < own; w++)
		others |= mask->bits[w];
	for (u32 w = own + 1; w < words; w++)
		others |= mask->bits[w];
	return others != 0;
}

/*
 * This CPU alone is concerned, and knows what it has just recorded as @gen.  Without the
 * entry there is nothing to flush, but flushing it costs less than finding out.
 */
static void sync_own(struct mm *mm, u64 gen, vaddr_t start, vaddr_t end, u64 stride)
{
	u64 flags = irq_save();
	struct slot *s = cpu_tlb.loaded;

	if (cpu_tlb.loaded_ctx != mm->ctx_id) {
		irq_restore(flags);
		return;
	}
	if (s->tlb_gen + 1 != gen || end - start > own_pages_max * stride) {
		sync_loaded();
	} else {
		flush_own_pages(s, start, end, stride);
		s->tlb_gen = gen;
	}
	irq_restore(flags);
}

void flush_range(struct mm *mm, vaddr_t start, vaddr_t end, u64 stride)
{
	u64 gen = mm->tlb_gen + 1;

	DEBUG_ASSERT(spin_held(&mm->lock), "flush of mm %lu without its lock", mm->ctx_id);
	write_record(mm, gen, start, end, stride);
	shared_add(&mm->tlb_gen, 1); /* full barrier: pairs with switch_mm() and pgd_fill() */
	count_event(FLUSHES);
	if (unlikely(others_in(&mm->cpus) || flush_tells))
		tell_others(mm, start, stride == FLUSH_WHOLE ? start : end, sync_if_loaded);
	else
		sync_own(mm, gen, start, end, stride);
}

void flush_drop_mm(struct mm *mm)
{
	tell_others(mm, 0, 0, drop_if_loaded);
}
