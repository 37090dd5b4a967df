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

static ALWAYS_INLINE struct notification *find(const struct user_thread *me, u64 handle, u32 right)
{
	struct kobj *k = handle_find(&me->task->handles, handle, KOBJ_NOTIFICATION, right);

	return k != NULL ? container_of(k, struct notification, kobj) : NULL;
}

s64 sys_notification(struct syscall_frame *f)
{
	struct notification *n = notification_create();

	(void)f;
	if (n == NULL)
		return -ENOMEM;
	return handle_add_or_put(&current->user->task->handles, &n->kobj,
				 RIGHT_SIGNAL | RIGHT_WAIT | RIGHT_DUPLICATE | RIGHT_REVOKE);
}

s64 sys_signal(struct syscall_frame *f)
{
	struct notification *n;
	struct user_thread *w;

	if (unlikely(f->rsi == 0))
		return -EINVAL;
	n = find(current->user, f->rdi, RIGHT_SIGNAL);
	if (unlikely(n == NULL))
		return -EBADF;
	w = notification_post(n, f->rsi);
	if (likely(w != NULL))
		wake_and_give_way(current, w->thread);
	return 0;
}

/*
 * There are bits, or will never be, or @me waits for some time only.  Under the lock, which it
 * releases on each way out: too much for a checker, here and below.
 */
static NOINLINE NO_LOCK_CHECK s64 wait_slow(struct user_thread *me, struct notification *n,
					    struct syscall_frame *f) REQUIRES(irqs_off)
{
	u64 bits = notification_take(n);
	bool dead = n->dead;

	if (bits == 0 && !dead && f->rsi != 0) {
		queue_up(me, &n->lock, &n->waiters);
		spin_unlock_irqs_off(&n->lock);
		wait_done(me, deadline_after(f->rsi));
		return end_wait(me);
	}
	spin_unlock_irqs_off(&n->lock);
	thread_stay_awake();
	if (bits == 0)
		return dead ? -EPIPE : -ETIMEDOUT;
	f->rsi = bits;
	return 0;
}

s64 sys_wait(struct syscall_frame *f) NO_LOCK_CHECK
{
	struct user_thread *me = current->user;
	struct notification *n;

	n = find(me, f->rdi, RIGHT_WAIT);
	if (unlikely(n == NULL))
		return -EBADF;
	begin_wait(me, IPC_WAITS);
	spin_lock_irqs_off(&n->lock);
	if (unlikely(n->bits != 0 || n->dead || f->rsi != WAIT_FOR_EVER))
		return wait_slow(me, n, f);
	queue_up(me, &n->lock, &n->waiters);
	spin_unlock_irqs_off(&n->lock);
	if (likely(!user_thread_killed(me)))
		schedule_irqs_off();
	if (unlikely(!is_done(me)))
		wait_done(me, NO_DEADLINE);
	return end_wait(me);
}

s64 sys_bind(struct syscall_frame *f)
{
	const struct user_thread *me = current->user;
	struct notification *n;
	struct kobj *ep;
	s64 err = -EBADF;

	n = find(me, f->rdi, RIGHT_WAIT);
	ep = handle_find(&me->task->handles, f->rsi, KOBJ_ENDPOINT, RIGHT_RECEIVE);
	if (n != NULL && ep != NULL)
		err = notification_bind(n, container_of(ep, struct endpoint, kobj));
	return err;
}
