/* SPDX-License-Identifier: MIT */
/*
 * tests/load_ipi.c - interrupts that nobody asked for, twice, from others and from oneself,
 * while CPUs shoot down and call each other: whoever finds nothing to do does nothing.
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/trap.h"
#include "mm/counters.h"
#include "mm/totals.h"
#include "tests/load.h"

#define FLUSHES_OF_A_ROUND 2u /* worker_change() */

/* Twice, so that one comes when the other has just been served, or is pending. */
static void send_strays(struct worker *w, u32 cpu)
{
	static const u8 vectors[] = { IRQ_CALL, IRQ_RESCHEDULE, IRQ_RECLAIM, IRQ_TIMER };

	for (u32 i = 0; i < ARRAY_SIZE(vectors); i++) {
		apic_send_ipi(cpus[cpu].apic_id, vectors[i]);
		apic_send_ipi(cpus[cpu].apic_id, vectors[i]);
		w->value += 2;
	}
}

static void step(struct worker *w)
{
	send_strays(w, worker_any_cpu(w));
	send_strays(w, w->number);
	worker_change(w);
	worker_look(w);
	send_strays(w, worker_any_cpu(w));
	if (rand_below(&w->r, 4) == 0)
		worker_call(w);
	if (rand_below(&w->r, 8) == 0)
		worker_sleep(w);
}

static u64 sent_by_all(void)
{
	u64 sent = 0;
	u32 cpu;

	for_each_cpu (cpu, &cpus_online)
		sent += *per_cpu_ptr(&apic_sent, cpu);
	return sent;
}

/* What was not asked for is no flush, and flushes have asked for no more than there are CPUs. */
static void check_counters(struct gang *g, u64 sent, u64 flushes)
{
	u64 strays = 0, rounds = 0;
	struct totals mm;
	u32 cpu;

	for_each_cpu (cpu, &g->cpus) {
		strays += g->worker[cpu]->value;
		rounds += g->worker[cpu]->rounds;
	}
	mm_totals(g->mm, &mm);
	EXPECT_EQ(g->t, mm.flushes, FLUSHES_OF_A_ROUND * rounds);
	EXPECT_EQ(g->t, flushes, mm.flushes);
	EXPECT(g->t, mm.ipis_sent + mm.ipis_skipped <= mm.flushes * (cpumask_weight(&g->cpus) - 1),
	       "%lu IPIs, %lu skipped for %lu flushes", mm.ipis_sent, mm.ipis_skipped, mm.flushes);
	EXPECT(g->t, sent >= strays + mm.ipis_sent, "%lu interrupts sent, of which %lu and %lu",
	       sent, strays, mm.ipis_sent);
	test_note("%lu strays; %lu flushes, for which %lu CPUs were told and %lu not", strays,
		  mm.flushes, mm.ipis_sent, mm.ipis_skipped);
}

TEST("load.ipi", strays_are_harmless, .cpus = 2)
{
	static struct gang g;
	u64 sent = sent_by_all(), flushes = event_total(FLUSHES);

	if (gang_make(t, &g)) {
		gang_start(&g, step);
		gang_join(&g);
		check_counters(&g, sent_by_all() - sent, event_total(FLUSHES) - flushes);
	}
	gang_end(&g);
}
