/* SPDX-License-Identifier: MIT */
/*
 * kernel/fault_reply.c - a pager's reply, straight to the thread that faulted.
 *
 * Who faulted has no frame for the words of a reply, and no system call to return from: it gets its
 * one word, and goes on where it blocked.  So this is not the direct way (ipc_direct.c), but comes
 * when that has been tried; the pager leaves as on it, and is resumed the same way.
 */
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

/* The direct way has been tried: what it leaves below the frame is there. */
NO_LOCK_CHECK void ipc_reply_to_fault(const struct syscall_frame *f)
{
	struct thread *prev = current, *next;
	struct user_thread *me = prev->user;
	struct endpoint *ep = endpoint_find(me, f->rdi, RIGHT_RECEIVE);
	struct run_queue *q = run_queue;

	if (unlikely(ep == NULL || !spin_try_irqs_off(&ep->lock)))
		return;
	if (unlikely(!spin_try_irqs_off(&q->lock)))
		goto unlock_endpoint;
	next = choose_caller(ep, q, prev, me, IPC_WAITS);
	if (unlikely(next == NULL))
		goto unlock_both;
	next->user->fault->reply = f->rsi;
	set_done(next->user, 0);
	WRITE_ONCE(me->caller, NULL);
	queue_up(me, &ep->lock, &ep->receivers);
	WRITE_ONCE(me->ipc_result, IPC_WAITS_DIRECTLY);
	spin_unlock_outer(&ep->lock, &q->lock);
	(void)go(prev, next);
	leave_for(q, prev, next);

unlock_both:
	spin_unlock_irqs_off(&q->lock);
unlock_endpoint:
	spin_unlock_irqs_off(&ep->lock);
}
