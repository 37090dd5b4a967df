/* SPDX-License-Identifier: MIT */
/*
 * kernel/direct.h - from a thread in a system call, whose registers lie in struct syscall_kept,
 * straight to its partner: may that be, and all of it but the stack.  For ipc_direct.c and
 * fault_reply.c.  In line: no function is called.
 */
#pragma once

#include "kernel/hand_over.h"
#include "kernel/ipc.h"
#include "kernel/user_wait.h"

/* Is more the matter with @q than that less urgent ones than @next are ready? */
static ALWAYS_INLINE bool hindered(const struct run_queue *q, const struct thread *next)
	REQUIRES(q->lock)
{
	return q->closed || q->long_way || !nobody_more_urgent(q, next);
}

/*
 * Can @partner go on at once, which waits and whose thread is @next, and @prev be left, which the
 * system call is of?  And does nothing but CR3 have to change for its address space?  If so, that
 * is loaded.  @how: it waits, IPC_WAITS*.
 */
static ALWAYS_INLINE bool may_go(const struct run_queue *q, const struct thread *prev,
				 const struct user_thread *partner, const struct thread *next,
				 s64 how) REQUIRES(q->lock, irqs_off)
{
	if (unlikely(next->standing_there != q->blocked_here || partner->ipc_result != how ||
		     prev->standing != THREAD_STANDING(THREAD_RUNNABLE, true) ||
		     stack_head_at(prev->stack_top)->user_work != 0 ||
		     (unlikely(q->hindrances != 0) && hindered(q, next)) ||
		     !user_state_selectors_agree(prev->user_state, next->user_state)))
		return false;
	if (likely(switch_mm_quickly(next->mm)))
		return true;
	switch_mm_withdraw();
	return false;
}

/*
 * All is said: @prev blocks, @next, whose address space is loaded, runs.  Of the switch, the stack
 * is left, and this CPU's queue to be unlocked.  (Here and where it is left undone the queue is
 * looked up once more: a register that holds it all along is one too many.)
 */
static ALWAYS_INLINE struct syscall_switch go(struct thread *prev, struct thread *next)
	REQUIRES(irqs_off) NO_LOCK_CHECK
{
	if (CONFIG_DEBUG)
		check_hand_over(run_queue, prev, next);
	WRITE_ONCE(prev->standing, THREAD_STANDING(THREAD_BLOCKED, false));
	WRITE_ONCE(next->standing, THREAD_STANDING(THREAD_RUNNABLE, true));
	current = next;
	kernel_stack_top = next->stack_top;
	user_state_swap_quickly(prev->user_state, next->user_state);
	return (struct syscall_switch){ .lock = &run_queue->lock, .save = &prev->sp };
}

/*
 * The thread of who waits, as @how says, for @me's reply and can go on with it, if @me is to wait
 * at @ep then; NULL: none.
 */
static ALWAYS_INLINE struct thread *
choose_caller(const struct endpoint *ep, const struct run_queue *q, const struct thread *prev,
	      const struct user_thread *me, s64 how) REQUIRES(ep->lock, q->lock, irqs_off)
{
	struct user_thread *caller = READ_ONCE(me->caller);
	struct thread *next;

	if (unlikely(caller == NULL || ep->special != 0 || !list_empty(&ep->callers)))
		return NULL;
	next = caller->thread;
	return likely(may_go(q, prev, caller, next, how)) ? next : NULL;
}
