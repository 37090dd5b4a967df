/* SPDX-License-Identifier: MIT */
/*
 * kernel/hand_over.h - from a user thread that blocks straight to its partner, past the run queue.
 *
 * What reschedule() and switch_threads() do (sched.c), with what two threads in a system call are
 * known to have: an address space, user registers, no mapping, no migrate-disabled section.  In
 * line, since a call between tasks is little else.
 */
#pragma once

#include "arch/x86_64/migrate.h"
#include "arch/x86_64/switch.h"
#include "arch/x86_64/user_state.h"
#include "kernel/run_queue.h"
#include "kernel/sched.h"
#include "mm/kmap.h"
#include "mm/switch.h"

/*
 * Does @next, which has waited, block on this CPU, and is nothing special about the two?  Who is
 * not on_rq blocks, and has left the CPU.
 */
static ALWAYS_INLINE bool waits_here(const struct run_queue *q, const struct thread *prev,
				     const struct thread *next) REQUIRES(q->lock)
{
	return next->cpu == q->cpu &&
	       !(next->on_rq | next->attention | prev->attention | q->closed);
}

/* Is nobody ready who is more urgent than @next? */
static ALWAYS_INLINE bool nobody_more_urgent(const struct run_queue *q, const struct thread *next)
	REQUIRES(q->lock)
{
	return likely(q->mask == 0) || (u64)q->mask >> next->priority >> 1 == 0;
}

/* Does @prev still want to block, too? */
static ALWAYS_INLINE bool may_hand_over(const struct run_queue *q, const struct thread *prev,
					const struct thread *next) REQUIRES(q->lock)
{
	return waits_here(q, prev, next) && READ_ONCE(prev->state) == THREAD_BLOCKED &&
	       nobody_more_urgent(q, next);
}

/* Debug builds: what this file takes for granted, and what a switch must do for kmap then. */
static inline void check_hand_over(struct run_queue *q, struct thread *prev, struct thread *next)
	REQUIRES(q->lock, irqs_off)
{
	check_switch(q, prev, next);
	ASSERT((migrate_count | next->migrate_count | kmap_depth | next->kmap.depth) == 0,
	       "thread %s hands over to %s with a section or mapping open", prev->name, next->name);
	kmap_switch_out(&prev->kmap);
	kmap_switch_in(&next->kmap);
}

static ALWAYS_INLINE void switch_over(struct run_queue *q, struct thread *prev, struct thread *next)
	REQUIRES(q->lock, irqs_off) NO_LOCK_CHECK
{
	if (CONFIG_DEBUG)
		check_hand_over(q, prev, next);
	q->before = prev;
	current = next;
	kernel_stack_top = next->stack_top;
	switch_mm(next->mm);
	user_state_swap(prev->user_state, next->user_state);
	switch_stacks(&prev->sp, next->sp);
	finish_switch();
}

/*
 * The current thread, @prev, has said that it blocks (thread_prepare_to_block()): go straight to
 * @next.  False: that may not be now, and all is as before.  Else it returns when the current
 * thread was woken and its turn came.  Interrupts off, no lock held.
 *
 * The lock that it takes, finish_switch() releases, on another stack: too much for a checker.
 */
static ALWAYS_INLINE bool hand_over(struct thread *prev, struct thread *next)
	REQUIRES(irqs_off) NO_LOCK_CHECK
{
	struct run_queue *q = run_queue;

	spin_lock_irqs_off(&q->lock);
	if (unlikely(!may_hand_over(q, prev, next))) {
		spin_unlock_irqs_off(&q->lock);
		return false;
	}
	WRITE_ONCE(next->state, THREAD_RUNNABLE);
	next->on_rq = true;
	prev->on_rq = false;
	switch_over(q, prev, next);
	return true;
}

/* The same for @prev that stays ready: it must be less urgent than @next, as must all who wait. */
static ALWAYS_INLINE bool may_give_way(const struct run_queue *q, const struct thread *prev,
				       const struct thread *next) REQUIRES(q->lock)
{
	return waits_here(q, prev, next) && next->priority > prev->priority &&
	       q->mask >> next->priority == 0;
}

/*
 * thread_wake(@next), and if that waits on this CPU and is more urgent than the current thread,
 * @prev, and than all that are ready, go straight to it; @prev is ready then, as one that was
 * preempted.  Interrupts off, no lock held.
 */
static ALWAYS_INLINE void wake_and_give_way(struct thread *prev, struct thread *next)
	REQUIRES(irqs_off) NO_LOCK_CHECK
{
	struct run_queue *q = run_queue;

	spin_lock_irqs_off(&q->lock);
	if (unlikely(!may_give_way(q, prev, next))) {
		spin_unlock_irqs_off(&q->lock);
		thread_wake(next);
		return;
	}
	WRITE_ONCE(next->state, THREAD_RUNNABLE);
	next->on_rq = true;
	queue_insert(q, prev, true);
	tick_start(q);
	switch_over(q, prev, next);
}
