/* SPDX-License-Identifier: MIT */
/*
 * kernel/fault_reply.c - a pager's reply, straight to the thread that faulted.
 *
 * Who faulted has no frame for the words of a reply, and no system call to return from: it gets its
 * one word, and goes on where it blocked.  So this is where the direct way (ipc_direct.c) ends if
 * it cannot be gone; the pager leaves as on it, and is resumed the same way.  As there, words of
 * the message are in registers meanwhile: the longer way may have to begin yet.
 */
#include "kernel/abi.h"
#include "kernel/direct.h"

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

/* Does @me owe its reply to one that faulted?  As .fault, which is the caller's until it is done.
 */
static ALWAYS_INLINE bool answers_a_fault(const struct user_thread *me) REQUIRES(irqs_off)
{
	const struct user_thread *caller = READ_ONCE(me->caller);

	return caller != NULL && READ_ONCE(caller->fault) != NULL;
}

NO_LOCK_CHECK void ipc_leave_reply(struct endpoint *ep)
{
	struct thread *prev = current, *next = NULL;
	struct user_thread *me = prev->user;
	struct run_queue *q = run_queue;

	if (ep == NULL)
		goto not_directly;
	if (answers_a_fault(me))
		next = choose_caller(ep, q, prev, me, IPC_WAITS);
	if (unlikely(next == NULL))
		goto unlock_both;
	next->user->fault->reply = syscall_kept_at(prev->stack_top)->rsi;
	set_done(next->user, 0);
	WRITE_ONCE(me->caller, NULL);
	queue_up(me, &ep->lock, &ep->receivers);
	WRITE_ONCE(me->ipc_result, IPC_WAITS_DIRECTLY);
	spin_unlock_outer(&ep->lock, &q->lock);
	(void)go(prev, next);
	leave_for(q, prev, next);

unlock_both:
	spin_unlock_irqs_off(&q->lock);
	spin_unlock_irqs_off(&ep->lock);
not_directly:
	syscall_not_directly(SYS_REPLY_WAIT);
}
