/* SPDX-License-Identifier: MIT */
/*
 * kernel/sched_check.c - what must hold where a thread blocks and where threads are switched.
 *
 * Who blocks in the wrong place is named in every build.  check_switch() is for debug builds:
 * each switch, before anything of it is done, with the queue's lock and nothing else.
 */
#include "arch/x86_64/irq.h"
#include "arch/x86_64/migrate.h"
#include "arch/x86_64/user_call.h"
#include "kernel/run_queue.h"
#include "kernel/sched.h"
#include "lib/assert.h"
#include "lib/ksyms.h"
#include "mm/kmap.h"
#include "mm/kspace.h"
#include "mm/tlb_check.h"

static void NORETURN cannot_block(const void *caller, const char *why)
{
	struct ksym_place place = ksym_place((u64)caller);

	panic("thread %s blocks %s (preempt_count %u), in %s+%#lx", current->name, why,
	      preempt_count, place.function, place.offset);
}

void check_may_block(const void *caller)
{
	if (irq_depth != 0 || nmi_depth != 0)
		cannot_block(caller, "in an interrupt");
	if (preempt_count != 0)
		cannot_block(caller, "while it must not be preempted");
	if (!irqs_enabled())
		cannot_block(caller, "with interrupts off");
}

/* Sections and mappings of the thread that is switched out, which are this CPU's variables. */
static void check_carried(const struct run_queue *q, const struct thread *prev)
{
	u32 sections = migrate_count & ~MIGRATE_SLOW;

	ASSERT(prev->migrate_count == 0 && prev->kmap.depth == 0,
	       "thread %s runs, and %#x sections and %u mappings were left behind", prev->name,
	       prev->migrate_count, prev->kmap.depth);
	ASSERT(migrate_count == 0 ||
		       (migrate_count & MIGRATE_SLOW && sections != 0 &&
			prev->pinned_cpu == cpu_id && !list_empty(&prev->pinned_node)),
	       "thread %s, of CPU %u, is switched out on CPU %u in %#x sections", prev->name,
	       prev->pinned_cpu, cpu_id, migrate_count);
	ASSERT(sections >= KMAP_PINS * kmap_depth, "thread %s: %u sections for %u mappings",
	       prev->name, sections, kmap_depth);
	ASSERT(prev != q->idle || (kmap_depth | migrate_count) == 0,
	       "CPU %u: idle with %u pages mapped in %#x sections", cpu_id, kmap_depth,
	       migrate_count);
	kmap_check_switch();
}

void check_switch(const struct run_queue *q, const struct thread *prev, const struct thread *next)
{
	vaddr_t sp = (vaddr_t)__builtin_frame_address(0);

	thread_check(prev);
	thread_check(next);
	ASSERT(next->cpu == cpu_id && q->cpu == cpu_id && q == &run_queues[cpu_id],
	       "thread %s of CPU %u runs on CPU %u", next->name, next->cpu, cpu_id);
	ASSERT(spin_only_held(&q->lock), "CPU %u: a switch with more locks than the queue's",
	       cpu_id);
	ASSERT(prev == current && prev->cpu == cpu_id,
	       "thread %s of CPU %u is switched out on CPU %u, where %s runs", prev->name,
	       prev->cpu, cpu_id, current->name);
	ASSERT(irq_depth == 0 && nmi_depth == 0, "CPU %u: switch in an interrupt", cpu_id);
	ASSERT(next->migrate_count == 0 || next->pinned_cpu == cpu_id,
	       "thread %s, which may not leave CPU %u, runs on CPU %u", next->name,
	       next->pinned_cpu, cpu_id);
	ASSERT(preempt_count == 1, "CPU %u: switch with preempt_count %u", cpu_id, preempt_count);
	ASSERT(!irqs_enabled(), "CPU %u: switch with interrupts on", cpu_id);
	ASSERT(sp < prev->stack_top && sp >= prev->stack_top - KERNEL_STACK_SIZE,
	       "thread %s runs on a stack at %p, not on its own", prev->name, (void *)sp);
	ASSERT(!is_cpu_local(sp) && !is_cpu_local(next->sp),
	       "CPU-local stack: thread %s at %p, thread %s at %p", prev->name, (void *)sp,
	       next->name, (void *)next->sp);
	check_carried(q, prev);
	tlb_check();
	ASSERT(!user_call_active(), "thread %s is switched out inside user_call()", prev->name);
}
