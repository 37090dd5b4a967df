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
 * compiled not to use R8, R9, R10, R12 and R13, and calls no function that comes back where it is
 * (Makefile).
 *
 * Who waits IPC_WAITS_DIRECTLY has nothing on its stack that must be gone through: neither a time
 * limit nor what a longer way home has to undo.  Its partner leaves that part of its stack alone,
 * and takes from it what user mode needs (struct syscall_kept).  Whoever else completes it, in
 * whatever way, wakes it as any thread that waits.
 *
 * The endpoint's lock is released first, while the queue's is held: who takes the thread that has
 * just queued up off the list wakes it under that, when the stack has been left.  .user_work of
 * who blocks is read under the queue's lock: who ends a thread writes it, then takes that lock to
 * wake it; so either it is seen here, or the thread is seen to block.
 */
#include "kernel/abi.h"
#include "kernel/direct.h"

/* Who waits at @ep for a call and can go on with that of @prev's, without being lent anything, and
 * its thread, @next; NULL: none. */
static ALWAYS_INLINE struct user_thread *
choose_receiver(const struct endpoint *ep, const struct run_queue *q, const struct thread *prev,
		struct thread **next) REQUIRES(ep->lock, q->lock, irqs_off)
{
	struct user_thread *receiver;

	if (unlikely(list_empty(&ep->receivers)))
		return NULL;
	receiver = list_first(&ep->receivers, struct user_thread, ipc_node);
	*next = receiver->thread;
	return likely(prev->priority <= (*next)->priority &&
		      may_go(q, prev, receiver, *next, IPC_WAITS_DIRECTLY))
		       ? receiver
		       : NULL;
}

NO_LOCK_CHECK struct syscall_switch ipc_call_directly(u64 handle)
{
	struct thread *prev = current, *next;
	struct user_thread *me = prev->user, *receiver;
	struct endpoint *ep = endpoint_find(me, handle, RIGHT_CALL);
	struct run_queue *q = run_queue;

	if (unlikely(ep == NULL || !spin_try_irqs_off(&ep->lock)))
		goto not_directly;
	if (unlikely(!spin_try_irqs_off(&q->lock)))
		goto unlock_endpoint;
	receiver = choose_receiver(ep, q, prev, &next);
	if (unlikely(receiver == NULL))
		goto unlock_both;
	take_off(receiver);
	WRITE_ONCE(receiver->caller, me);
	WRITE_ONCE(me->callee, receiver);
	WRITE_ONCE(me->ipc_result, IPC_WAITS_DIRECTLY);
	spin_unlock_outer(&ep->lock, &q->lock);
	return go(prev, next);

unlock_both:
	spin_unlock_irqs_off(&run_queue->lock);
unlock_endpoint:
	spin_unlock_irqs_off(&ep->lock);
not_directly:
	syscall_not_directly(SYS_CALL);
}

/*
 * .caller needs no exchange: who could take it out is the caller, which blocks, and cannot be woken
 * while the queue is locked.
 */
NO_LOCK_CHECK struct syscall_switch ipc_reply_wait_directly(u64 handle)
{
	struct thread *prev = current, *next;
	struct user_thread *me = prev->user;
	struct endpoint *ep = endpoint_find(me, handle, RIGHT_RECEIVE);
	struct run_queue *q = run_queue;

	if (unlikely(ep == NULL || !spin_try_irqs_off(&ep->lock)))
		goto not_directly;
	if (unlikely(!spin_try_irqs_off(&q->lock)))
		goto unlock_endpoint;
	next = choose_caller(ep, q, prev, me, IPC_WAITS_DIRECTLY);
	if (unlikely(next == NULL))
		goto leave;
	WRITE_ONCE(me->caller, NULL);
	queue_up(me, &ep->lock, &ep->receivers);
	WRITE_ONCE(me->ipc_result, IPC_WAITS_DIRECTLY);
	spin_unlock_outer(&ep->lock, &q->lock);
	return go(prev, next);

unlock_endpoint:
	spin_unlock_irqs_off(&ep->lock);
not_directly:
	ep = NULL;
leave: /* one end for all, so that the compiler makes a frame there and not at the beginning */
	ipc_leave_reply(ep);
}

struct syscall_switch ipc_call_long_not_directly(u64 handle)
{
	(void)handle;
	syscall_not_directly(SYS_CALL_LONG);
}

struct syscall_switch ipc_reply_wait_long_not_directly(u64 handle)
{
	(void)handle;
	syscall_not_directly(SYS_REPLY_WAIT_LONG);
}
