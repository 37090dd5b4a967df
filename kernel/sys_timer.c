/* SPDX-License-Identifier: MIT */
/*
 * kernel/sys_timer.c - system calls of timers (timer_object.h), of the clock, and of time-outs.
 */
#include "arch/x86_64/irq.h"
#include "arch/x86_64/time.h"
#include "kernel/abi.h"
#include "kernel/notification.h"
#include "kernel/sys_notification.h"
#include "kernel/timer_object.h"
#include "lib/err.h"

/* What @handle of the current task leads to, with a reference; NULL: nothing such. */
static struct kobj *find_and_get(u64 handle, enum kobj_type type)
{
	struct kobj *k;

	irq_disable();
	k = handle_find(&current->user->task->handles, handle, type, RIGHT_SIGNAL);
	if (k != NULL)
		kobj_get(k);
	irq_enable();
	return k;
}

s64 sys_timer(struct syscall_frame *f)
{
	struct timer_object *o;
	struct kobj *n;
	s64 handle;

	if (f->rsi == 0)
		return -EINVAL;
	n = find_and_get(f->rdi, KOBJ_NOTIFICATION);
	if (n == NULL)
		return -EBADF;
	o = timer_object_create(container_of(n, struct notification, kobj), f->rsi);
	if (o == NULL) {
		kobj_put(n);
		return -ENOMEM;
	}
	handle =
		handle_add(&current->user->task->handles, &o->kobj, RIGHT_SIGNAL | RIGHT_DUPLICATE);
	if (handle < 0)
		kobj_put(&o->kobj);
	return handle;
}

/* A hostile period would have the CPU do nothing else; a long one would overflow. */
static bool is_good_period(u64 period)
{
	return period == 0 || (period >= TIMER_PERIOD_MIN && period <= TIMER_PERIOD_MAX);
}

s64 sys_timer_set(struct syscall_frame *f)
{
	struct kobj *k;

	if (!is_good_period(f->rdx))
		return -EINVAL;
	k = find_and_get(f->rdi, KOBJ_TIMER);
	if (k == NULL)
		return -EBADF;
	timer_object_set(container_of(k, struct timer_object, kobj), f->rsi, f->rdx);
	kobj_put(k);
	return 0;
}

s64 sys_clock(struct syscall_frame *f)
{
	(void)f;
	return (s64)time_ns();
}

/*
 * A thread with a time limit has work to do on its way out of each call: so ipc.c, which looks
 * whether there is any, need not look at the limit.
 */
s64 sys_timeout(struct syscall_frame *f)
{
	struct user_thread *me = current->user;
	u64 *work = &stack_head_at(me->thread->stack_top)->user_work;

	me->call_timeout = f->rdi;
	if (f->rdi != 0)
		__atomic_fetch_or(work, USER_WORK_TIME_LIMIT, __ATOMIC_SEQ_CST);
	else
		__atomic_fetch_and(work, ~(u64)USER_WORK_TIME_LIMIT, __ATOMIC_SEQ_CST);
	return 0;
}
