/* SPDX-License-Identifier: MIT */
/*
 * kernel/timer.h - any number of deadlines on each CPU's one-shot timer.
 *
 * A timer belongs to the CPU it was started on, until it expires or is cancelled there.
 */
#pragma once

#include "lib/list.h"
#include "lib/types.h"

struct timer;

/* Runs once, in interrupt context, on the timer's CPU; the timer may be started again. */
typedef void (*timer_fn)(struct timer *t);

/* At an address that all CPUs share.  All of it is its CPU's, interrupts off. */
struct timer {
	struct list_node node; /* of its CPU's list, or of none */
	u64 deadline;	       /* by time_ns() */
	timer_fn fn;
	u32 cpu; /* the one it was started on */
};

/* For each CPU, before its first timer. */
void timer_init_cpu(u32 cpu);

/* Give @t its function.  Before the first timer_start(). */
void timer_init(struct timer *t, timer_fn fn);

/* Let @t, which is not running, expire on this CPU at @deadline or as soon after as it can. */
void timer_start(struct timer *t, u64 deadline);

/* Stop @t, on its own CPU.  Was it running?  If not, its function has finished or never began. */
bool timer_cancel(struct timer *t);
