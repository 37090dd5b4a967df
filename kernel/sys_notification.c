/* SPDX-License-Identifier: MIT */
/*
 * kernel/sys_notification.c - system calls of notifications (notification.h).
 *
 * Who signals a more urgent thread that waits on this CPU switches straight to it, and is
 * ready itself, as one that was preempted.
 */
#include "kernel/sys_notification.h"
#include "arch/x86_64/irq.h"
#include "kernel/abi.h"
#include "kernel/hand_over.h"
#include "kernel/ipc.h"
#include "kernel/notification.h"
#include "kernel/sched.h"
#include "lib/err.h"

static ALWAYS_INLINE struct notification *find(u64 handle, u32 right)
{
	struct kobj *k =
		handle_find(&current->user->task->handles, handle, KOBJ_NOTIFICATION, right);

	return k != NULL ? container_of(k, struct notification, kobj) : NULL;
}

s64 sys_notification(struct syscall_frame *f)
{
	struct notification *n = notification_create();
	s64 handle;

	(void)f;
	if (n == NULL)
		return -ENOMEM;
	handle = handle_add(&current->user->task->handles, &n->kobj,
			    RIGHT_SIGNAL | RIGHT_WAIT | RIGHT_DUPLICATE);
	if (handle < 0)
		kobj_put(&n->kobj);
	return handle;
}

s64 sys_signal(struct syscall_frame *f)
{
	struct notification *n;
	struct user_thread *w;

	if (unlikely(f->rsi == 0))
		return -EINVAL;
	n = find(f->rdi, RIGHT_SIGNAL);
	if (unlikely(n == NULL))
		return -EBADF;
	w = notification_post(n, f->rsi);
	if (w != NULL && !give_way_to(current, w->thread))
		thread_wake(w->thread);
	return 0;
}

/* @me waits on the list. */
static ALWAYS_INLINE s64 wait_for_signal(struct user_thread *me, u64 timeout) REQUIRES(irqs_off)
{
	if (likely(timeout == WAIT_FOR_EVER && !user_thread_killed(me)))
		sched_block();
	if (unlikely(!is_done(me)))
		wait_done(me, timeout == WAIT_FOR_EVER ? NO_DEADLINE : deadline_after(timeout));
	return end_wait(me);
}

s64 sys_wait(struct syscall_frame *f)
{
	struct user_thread *me = current->user;
	struct notification *n;
	u64 bits;
	bool dead;

	n = find(f->rdi, RIGHT_WAIT);
	if (unlikely(n == NULL))
		return -EBADF;
	begin_wait(me);
	spin_lock_irqs_off(&n->lock);
	bits = notification_take(n);
	dead = n->dead;
	if (likely(bits == 0 && !dead && f->rsi != 0)) {
		queue_up(me, &n->lock, &n->waiters);
		spin_unlock_irqs_off(&n->lock);
		return wait_for_signal(me, f->rsi);
	}
	spin_unlock_irqs_off(&n->lock);
	thread_stay_awake();
	if (bits == 0)
		return dead ? -EPIPE : -ETIMEDOUT;
	f->rsi = bits;
	return 0;
}

s64 sys_bind(struct syscall_frame *f)
{
	struct notification *n;
	struct kobj *ep;
	s64 err = -EBADF;

	irq_disable();
	n = find(f->rdi, RIGHT_WAIT);
	ep = handle_find(&current->user->task->handles, f->rsi, KOBJ_ENDPOINT, RIGHT_RECEIVE);
	if (n != NULL && ep != NULL)
		err = notification_bind(n, container_of(ep, struct endpoint, kobj));
	irq_enable();
	return err;
}
