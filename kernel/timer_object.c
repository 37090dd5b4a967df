/* SPDX-License-Identifier: MIT */
/*
 * kernel/timer_object.c - see timer_object.h.
 *
 * The mutex keeps two who set a timer apart.  The function, in interrupt context, takes no lock of
 * the timer's: who sets it has cancelled it first, and so waited until the function runs nowhere.
 */
#include "kernel/timer_object.h"
#include "arch/x86_64/time.h"
#include "kernel/notification.h"
#include "mm/slab.h"

/* The first after @now of those that @period makes from @deadline, which is over. */
static u64 next_deadline(u64 deadline, u64 period, u64 now)
{
	return deadline + ((now - deadline) / period + 1) * period;
}

/* May be set again, or freed, only when this has returned: timer_cancel(). */
static NO_LOCK_CHECK void expire(struct timer *timer) /* interrupts are off in an interrupt */
{
	struct timer_object *o = container_of(timer, struct timer_object, timer);

	notification_signal(o->notification, o->bits);
	if (o->period == 0)
		return;
	o->deadline = next_deadline(o->deadline, o->period, time_ns());
	timer_start(&o->timer, o->deadline);
}

struct timer_object *timer_object_create(struct notification *n, u64 bits)
{
	struct timer_object *o = kzalloc(sizeof(*o));

	if (o == NULL)
		return NULL;
	kobj_init(&o->kobj, KOBJ_TIMER);
	mutex_init(&o->lock, "timer object", MUTEX_RANK_TIMER_OBJECT);
	timer_init(&o->timer, expire);
	o->notification = n;
	o->bits = bits;
	notification_gains_signaller(n);
	return o;
}

void timer_object_set(struct timer_object *o, u64 deadline, u64 period)
{
	mutex_lock(&o->lock);
	timer_cancel(&o->timer);
	o->deadline = deadline;
	o->period = period;
	if (deadline != 0)
		timer_start(&o->timer, deadline);
	mutex_unlock(&o->lock);
}

void timer_object_free(struct timer_object *o)
{
	timer_cancel(&o->timer);
	notification_loses_signaller(o->notification);
	kobj_put(&o->notification->kobj);
	kfree(o);
}
