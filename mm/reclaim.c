/* SPDX-License-Identifier: MIT */
/*
 * mm/reclaim.c - see reclaim.h.
 *
 * What a CPU keeps, its PGDs beyond the reserve and the pages on its stacks, only that
 * CPU can give back, with interrupts off, because it uses them without a lock.  So it is
 * called, if it has anything: how much is read without a lock, and a CPU that keeps nothing
 * is left alone, however often allocations fail.  What one keeps right after that look is
 * found by the next that fails.
 *
 * What is everybody's, the empty slabs, one CPU gives back for all.
 *
 * There are two ways, by what the failing allocation may do:
 *
 *  - interrupts on, not in an interrupt: then no lock is held but an mm's (locks that
 *    interrupts need are taken with interrupts off), other CPUs can be waited for, and
 *    the allocation is tried again when all have answered, if there was anything;
 *  - else, in a switch of address spaces for one, or under a lock: the allocation fails,
 *    and each CPU that has something, this one too, is sent an interrupt that it takes when
 *    it can.  A CPU that has been asked is not asked again before it has answered.  Slabs
 *    are given back by the first that answers; this one is asked in any case.
 *
 * A CPU that leaves drops an interrupt that is on its way: it is asked for anew when it is
 * back, and has given all back meanwhile.
 *
 * Nothing here allocates, so it never comes back to itself.
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/ipi.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/trap.h"
#include "mm/asid.h"
#include "mm/counters.h"
#include "mm/page_alloc.h"
#include "mm/reclaim.h"
#include "mm/slab.h"

static u32 asked[MAX_CPUS]; /* atomic: the interrupt is on its way */
static u32 shrink_asked;    /* atomic: whoever takes it gives slabs back */

/* The PGDs first: they pass through the stack. */
static void give_back(void *arg) REQUIRES(irqs_off)
{
	(void)arg;
	count_event(GIVE_BACKS);
	asid_give_back();
	page_alloc_drain_cpu(cpu_id);
}

static void on_reclaim(struct trapframe *f) REQUIRES(irqs_off)
{
	(void)f;
	shared_store(&asked[cpu_id], 0); /* before: what is kept from here on is asked for anew */
	if (shared_xchg(&shrink_asked, 0) != 0)
		kmem_shrink();
	give_back(NULL);
}

/* CPUs that have something.  True: there are such. */
static bool find_keepers(struct cpumask *keepers)
{
	bool found = false;
	u32 cpu;

	cpumask_clear_all(keepers);
	for_each_cpu (cpu, &cpus_online)
		if (page_alloc_cpu_has(cpu) || asid_cpu_has_spare(cpu)) {
			cpumask_set(keepers, cpu);
			found = true;
		}
	return found;
}

static void ask(const struct cpumask *mask)
{
	u32 cpu;

	for_each_cpu (cpu, mask)
		if (shared_xchg(&asked[cpu], 1) == 0)
			apic_send_ipi(cpus[cpu].apic_id, IRQ_RECLAIM);
}

static bool may_wait(void)
{
	return irqs_enabled() && irq_depth == 0 && nmi_depth == 0;
}

static bool reclaim(void)
{
	struct cpumask keepers;
	bool found = find_keepers(&keepers), spare = kmem_has_spare();

	if (may_wait()) {
		if (spare)
			kmem_shrink();
		if (found)
			run_on_cpus(&keepers, give_back, NULL);
		return spare || found;
	}
	if (spare) {
		shared_store(&shrink_asked, 1);
		cpumask_set(&keepers, cpu_id);
	}
	ask(&keepers);
	return false;
}

void reclaim_forget(u32 cpu)
{
	shared_store(&asked[cpu], 0);
}

void reclaim_init(void)
{
	irq_set_handler(IRQ_RECLAIM, on_reclaim);
	page_alloc_set_reclaim(reclaim);
}
