/* SPDX-License-Identifier: MIT */
/*
 * kernel/ipc_direct.c - a call, or a reply, that goes from the user mode of one thread straight to
 * that of another: the direct way of SYS_CALL and SYS_REPLY_WAIT (arch/x86_64/syscall.asm).
 *
 * It is for the common case: the partner waits on this CPU, nobody more urgent is ready, both are
 * in nothing but this, and no lock is held by others.  All of that is looked at first, with both
 * locks held, the endpoint's and the run queue's; then all is done, and cannot fail.  Or nothing
 * is, and ipc.c begins anew.
 *
 * Five words of the message are never in memory: they stay in the registers, which are the
 * partner's when its user mode goes on; two lie on the sender's stack meanwhile.  So this file is
 * compiled not to use R8, R9 and R10, and calls no function where it is (Makefile).
 *
 * Who waits IPC_WAITS_DIRECTLY has nothing on its stack that must be gone through: neither a time
 * limit nor what a longer way home has to undo.  Its partner leaves that part of its stack alone,
 * and takes from it what user mode needs (struct syscall_kept).  Whoever else completes it, in
 * whatever way, wakes it as any thread that waits.
 *
 * Who faulted has no frame for the words of a reply, and no system call to return from: it gets its
 * one word, and goes on where it blocked.
 *
 * The endpoint's lock is released first, while the queue's is held: who takes the thread that has
 * just queued up off the list wakes it under that, when the stack has been left.  .user_work of
 * who blocks is read under the queue's lock: who ends a thread writes it, then takes that lock to
 * wake it; so either it is seen here, or the thread is seen to block.
 */
#include "kernel/abi.h"
#include "kernel/hand_over.h"
#include "kernel/ipc.h"
#include "kernel/lend.h"
#include "kernel/user_wait.h"

#define NOT_DIRECTLY ((struct syscall_switch){ 0 })

/* Is more the matter with @q than that less urgent ones than @next are ready? */
static ALWAYS_INLINE bool hindered(const struct run_queue *q, const struct thread *next)
	REQUIRES(q->lock)
{
	return q->closed || q->long_way || !nobody_more_urgent(q, next);
}

/*
 * Can @partner go on at once, which waits, and @prev be left, which the system call is of?  And
 * does nothing but CR3 have to change for its address space?  If so, that is loaded.  @how: it
 * waits, IPC_WAITS*.
 */
static ALWAYS_INLINE bool may_go(const struct run_queue *q, const struct thread *prev,
				 const struct user_thread *partner, s64 how)
	REQUIRES(q->lock, irqs_off)
{
	const struct thread *next = partner->thread;

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

/* All is said: @prev blocks, @next, whose address space is loaded, runs.  Of the switch, the stack
 * is left. */
static ALWAYS_INLINE struct syscall_switch go(struct run_queue *q, struct thread *prev,
					      struct thread *next)
	REQUIRES(q->lock, irqs_off) NO_LOCK_CHECK
{
	if (CONFIG_DEBUG)
		check_hand_over(q, prev, next);
	WRITE_ONCE(prev->standing, THREAD_STANDING(THREAD_BLOCKED, false));
	WRITE_ONCE(next->standing, THREAD_STANDING(THREAD_RUNNABLE, true));
	q->running = next;
	current = next;
	kernel_stack_top = next->stack_top;
	user_state_swap_quickly(prev->user_state, next->user_state);
	return (struct syscall_switch){ .lock = &q->lock, .save = &prev->sp };
}

/* Who waits at @ep for a call and can go on with that of @prev's; NULL: none. */
static ALWAYS_INLINE struct user_thread *
choose_receiver(const struct endpoint *ep, const struct run_queue *q, const struct thread *prev)
	REQUIRES(ep->lock, q->lock, irqs_off)
{
	struct user_thread *receiver;

	if (unlikely(list_empty(&ep->receivers)))
		return NULL;
	receiver = list_first(&ep->receivers, struct user_thread, ipc_node);
	return likely(!call_lends(prev, receiver->thread) &&
		      may_go(q, prev, receiver, IPC_WAITS_DIRECTLY))
		       ? receiver
		       : NULL;
}

/* Who waits, as @how says, for @me's reply and can go on with it, if @me is to wait at @ep then;
 * NULL: none. */
static ALWAYS_INLINE struct user_thread *
choose_caller(const struct endpoint *ep, const struct run_queue *q, const struct thread *prev,
	      const struct user_thread *me, s64 how) REQUIRES(ep->lock, q->lock, irqs_off)
{
	struct user_thread *caller = READ_ONCE(me->caller);

	if (unlikely(caller == NULL || ep->special != 0 || !list_empty(&ep->callers)))
		return NULL;
	return likely(may_go(q, prev, caller, how)) ? caller : NULL;
}

NO_LOCK_CHECK struct syscall_switch ipc_call_directly(u64 handle)
{
	struct thread *prev = current;
	struct user_thread *me = prev->user, *receiver;
	struct endpoint *ep = endpoint_find(me, handle, RIGHT_CALL);
	struct run_queue *q = run_queue;

	if (unlikely(ep == NULL || !spin_try_irqs_off(&ep->lock)))
		return NOT_DIRECTLY;
	if (unlikely(!spin_try_irqs_off(&q->lock)))
		goto unlock_endpoint;
	receiver = choose_receiver(ep, q, prev);
	if (unlikely(receiver == NULL))
		goto unlock_both;
	take_off(receiver);
	WRITE_ONCE(receiver->caller, me);
	WRITE_ONCE(me->callee, receiver);
	WRITE_ONCE(me->ipc_result, IPC_WAITS_DIRECTLY);
	spin_unlock_outer(&ep->lock, &q->lock);
	return go(q, prev, receiver->thread);

unlock_both:
	spin_unlock_irqs_off(&q->lock);
unlock_endpoint:
	spin_unlock_irqs_off(&ep->lock);
	return NOT_DIRECTLY;
}

/* Does @me owe its reply to one that faulted?  As .fault, which is the caller's until it is done.
 */
static ALWAYS_INLINE bool answers_a_fault(const struct user_thread *me) REQUIRES(irqs_off)
{
	const struct user_thread *caller = READ_ONCE(me->caller);

	return caller != NULL && READ_ONCE(caller->fault) != NULL;
}

/*
 * The rest of the switch to @next, which did not go the direct way: to its stack, where
 * switch_stacks() was.  @prev is resumed as who went that way: what is saved here is not its own.
 */
static ALWAYS_INLINE NORETURN void leave_for(struct run_queue *q, struct thread *prev,
					     const struct thread *next)
	REQUIRES(q->lock, irqs_off) NO_LOCK_CHECK
{
	u64 forgotten;

	q->before = prev;
	prev->sp = (u64)syscall_kept_at(prev->stack_top);
	switch_stacks(&forgotten, next->sp);
	for (;;)
		; /* nobody comes back here */
}

/* The reply to a fault, if that is what @me owes and can be given directly; then it does not
 * return. */
static ALWAYS_INLINE void reply_to_fault(struct endpoint *ep, struct run_queue *q,
					 struct user_thread *me)
	REQUIRES(ep->lock, q->lock, irqs_off) NO_LOCK_CHECK
{
	struct thread *prev = current;
	struct user_thread *caller;

	if (!answers_a_fault(me))
		return;
	caller = choose_caller(ep, q, prev, me, IPC_WAITS);
	if (caller == NULL)
		return;
	caller->fault->reply = syscall_kept_at(prev->stack_top)->rsi;
	set_done(caller, 0);
	WRITE_ONCE(me->caller, NULL);
	queue_up(me, &ep->lock, &ep->receivers);
	WRITE_ONCE(me->ipc_result, IPC_WAITS_DIRECTLY);
	spin_unlock_outer(&ep->lock, &q->lock);
	(void)go(q, prev, caller->thread);
	leave_for(q, prev, caller->thread);
}

/*
 * .caller needs no exchange: who could take it out is the caller, which blocks, and cannot be woken
 * while the queue is locked.
 */
NO_LOCK_CHECK struct syscall_switch ipc_reply_wait_directly(u64 handle)
{
	struct thread *prev = current;
	struct user_thread *me = prev->user, *caller;
	struct endpoint *ep = endpoint_find(me, handle, RIGHT_RECEIVE);
	struct run_queue *q = run_queue;

	if (unlikely(ep == NULL || !spin_try_irqs_off(&ep->lock)))
		return NOT_DIRECTLY;
	if (unlikely(!spin_try_irqs_off(&q->lock)))
		goto unlock_endpoint;
	caller = choose_caller(ep, q, prev, me, IPC_WAITS_DIRECTLY);
	if (unlikely(caller == NULL)) {
		reply_to_fault(ep, q, me);
		goto unlock_both;
	}
	WRITE_ONCE(me->caller, NULL);
	queue_up(me, &ep->lock, &ep->receivers);
	WRITE_ONCE(me->ipc_result, IPC_WAITS_DIRECTLY);
	spin_unlock_outer(&ep->lock, &q->lock);
	return go(q, prev, caller->thread);

unlock_both:
	spin_unlock_irqs_off(&q->lock);
unlock_endpoint:
	spin_unlock_irqs_off(&ep->lock);
	return NOT_DIRECTLY;
}

NO_LOCK_CHECK struct syscall_switch ipc_long_not_directly(u64 handle)
{
	(void)handle;
	return NOT_DIRECTLY;
}
