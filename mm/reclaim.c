/* SPDX-License-Identifier: MIT */
/*
 * mm/reclaim.c - see reclaim.h.
 *
 * What a CPU keeps, its PGDs beyond the reserve and the pages on its stacks, only that
 * CPU can give back, with interrupts off, because it uses them without a lock.  So each
 * is called.  There are two ways, by what the failing allocation may do:
 *
 *  - interrupts on, not in an interrupt: then no lock is held but an mm's (locks that
 *    interrupts need are taken with interrupts off), other CPUs can be waited for, and
 *    the allocation is tried again when all have answered;
 *  - else, in a switch of address spaces for one, or under a lock: the allocation fails,
 *    and each CPU, this one too, is sent an interrupt that it takes when it can.  A CPU
 *    that has been asked is not asked again before it has answered.
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
#include "mm/page_alloc.h"
#include "mm/reclaim.h"
#include "mm/slab.h"

static u32 asked[MAX_CPUS]; /* atomic: the interrupt is on its way */

/* The PGDs first: they pass through the stack. */
static void give_back(void *arg)
{
	(void)arg;
	asid_give_back();
	page_alloc_drain_cpu(cpu_id);
}

static void on_reclaim(struct trapframe *f)
{
	(void)f;
	shared_store(&asked[cpu_id], 0); /* before: what is kept from here on is asked for anew */
	kmalloc_shrink();
	give_back(NULL);
}

static void ask_all(void)
{
	u32 cpu;

	for_each_cpu (cpu, &cpus_online)
		if (shared_xchg(&asked[cpu], 1) == 0)
			apic_send_ipi(cpus[cpu].apic_id, IRQ_RECLAIM);
}

static bool may_wait(void)
{
	return irqs_enabled() && irq_depth == 0 && nmi_depth == 0;
}

static bool reclaim(void)
{
	if (!may_wait()) {
		ask_all();
		return false;
	}
	kmalloc_shrink();
	run_on_cpus(&cpus_online, give_back, NULL);
	return true;
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
