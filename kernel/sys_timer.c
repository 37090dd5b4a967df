/* SPDX-License-Identifier: MIT */
/*
 * kernel/sys_timer.c - system calls of timers (timer_object.h), of the clock, and of time-outs.
 */
#include "arch/x86_64/time.h"
#include "kernel/abi.h"
#include "kernel/notification.h"
#include "kernel/sys_notification.h"
#include "kernel/timer_object.h"
#include "lib/err.h"

s64 sys_timer(struct syscall_frame *f)
{
	struct handle_table *handles = &current->user->task->handles;
	struct timer_object *o;
	struct kobj *n;

	if (f->rsi == 0)
		return -EINVAL;
	n = handle_get(handles, f->rdi, KOBJ_NOTIFICATION, RIGHT_SIGNAL);
	if (n == NULL)
		return -EBADF;
	o = timer_object_create(container_of(n, struct notification, kobj), f->rsi);
	if (o == NULL) {
		kobj_put(n);
		return -ENOMEM;
	}
	return handle_add_or_put(handles, &o->kobj, RIGHT_SIGNAL | RIGHT_DUPLICATE | RIGHT_REVOKE);
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
	k = handle_get(&current->user->task->handles, f->rdi, KOBJ_TIMER, RIGHT_SIGNAL);
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
