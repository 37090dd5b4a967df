/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/percpu.c - where the copies are.
 *
 * percpu_offset[n] is set before CPU n runs C and is constant then.  The boot CPU's
 * starts as 0, which is right while the loader's tables map its copy at the linked
 * address and nobody has asked for a shared one.
 */
#include "arch/x86_64/irq.h"
#include "arch/x86_64/migrate.h"
#include "arch/x86_64/percpu.h"
#include "lib/assert.h"
#include "lib/ksyms.h"
#include "lib/list.h"

u64 percpu_offset[MAX_CPUS];

DEFINE_PER_CPU(u32, cpu_id);
DEFINE_PER_CPU(u32, preempt_count);
DEFINE_PER_CPU(u32, need_resched);
DEFINE_PER_CPU(u32, migrate_count);
DEFINE_PER_CPU(u64, migrate_site);

/*
 * The counts are the thread's, wherever it runs: if it may be moved all are 0, and stay so.
 * In an interrupt, and in an NMI, interrupts are off.
 */
void percpu_check_stays(void)
{
	struct ksym_place place;

	if (likely(!irqs_enabled() || this_cpu_read(preempt_count) != 0 ||
		   this_cpu_read(migrate_count) != 0))
		return;
	place = ksym_place((u64)__builtin_return_address(0));
	panic("this_cpu_ptr() in %s+%#lx, where the thread may be moved", place.function,
	      place.offset);
}

bool list_address_ok(const void *p)
{
	return !is_cpu_local((vaddr_t)p);
}
