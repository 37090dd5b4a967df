/* SPDX-License-Identifier: MIT */
/*
 * kernel/timer_object.h - timers of tasks: at a time, and if wanted again and again, one signals a
 * notification.
 *
 * It holds its notification, as one that may signal it.  When it ends, with its last handle, it
 * signals no more.
 */
#pragma once

#include "kernel/kobj.h"
#include "kernel/mutex.h"
#include "kernel/timer.h"

struct notification;

/* [I]: constant. */
struct timer_object {
	struct kobj kobj;
	struct notification *notification; /* [I] held */
	u64 bits;			   /* [I] that it signals */
	struct mutex lock;		   /* who sets it; never the timer's function */
	struct timer timer;
	u64 deadline, period; /* who sets it, while .timer is off; then the timer's function */
};

/* With one reference; takes over the caller's of @n.  NULL: out of memory. */
struct timer_object *timer_object_create(struct notification *n, u64 bits) WARN_UNUSED_RESULT;

/*
 * Signal when time_ns() is @deadline, and if @period is not 0 every @period ns from there; 0: never
 * any more.  What was set before is forgotten: when this returns, nothing of it comes.  Missed
 * periods are one signal.  May block.
 */
void timer_object_set(struct timer_object *o, u64 deadline, u64 period);

/* For kobj.c. */
void timer_object_free(struct timer_object *o);
