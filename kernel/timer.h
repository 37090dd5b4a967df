/* SPDX-License-Identifier: MIT */
/*
 * kernel/timer.h - any number of deadlines on each CPU's timer.
 *
 * A timer is on the CPU it was started on until it expires, is cancelled, or its CPU leaves
 * and another takes it over.  It may be cancelled on any CPU.
 */
#pragma once

#include "lib/list.h"
#include "lib/types.h"

struct timer;

/*
 * Runs once, in interrupt context, with no lock held.  The timer may be started again then,
 * or its memory be gone when the function returns.  Other timers are cancelled here only if
 * they are this CPU's.
 */
typedef void (*timer_fn)(struct timer *t);

/* At an address that all CPUs share.  [I]: constant.  [q]: under the lock of .cpu's queue. */
struct timer {
	struct list_node node; /* [q] of its CPU's list, or of none */
	u64 deadline;	       /* [q] by time_ns() */
	timer_fn fn;	       /* [I] */
	u32 cpu;	       /* [q] where it is, or was last; TIMER_MOVING: on its way */
	bool pinned;	       /* [I] it stays when its CPU leaves */
	bool unwanted;	       /* [q] who cancels it waits for its function: it cannot be started */
	bool prevented;	       /* [q] though that has been tried */
};

#define TIMER_MOVING UINT32_MAX

/* For each CPU, before its first timer. */
void timer_init_cpu(u32 cpu);

/* Give @t its function.  Before the first timer_start(); any context. */
void timer_init(struct timer *t, timer_fn fn);

/* The same for a timer that belongs to a CPU as such: timers_move() leaves it where it is. */
void timer_init_pinned(struct timer *t, timer_fn fn);

/*
 * Let @t, which is not pending, expire on this CPU at @deadline or as soon after as it can; on
 * the CPU where its function still runs, if it does.  Any context but NMI.
 */
void timer_start(struct timer *t, u64 deadline);

/*
 * Take @t back.  When this returns it is not pending, and its function runs nowhere: it waits
 * for a function that runs on another CPU, and that cannot start it again meanwhile.  Has an
 * expiry been prevented?  The caller knows that @t exists, and that nobody but its function
 * starts it.
 *
 * Any context but NMI.  It would wait for ever inside @t's own function, and, unless @t is on
 * this CPU, with a lock that the function may take: no lock is held but an mm's (the rule of
 * run_on_cpus()), nor does a timer's function run here.  Debug builds check it.
 */
bool timer_cancel(struct timer *t);

/*
 * This CPU leaves: its timers, but those that are pinned, go on on CPU @to, which is online
 * and does not leave.  None is early, none waits for more than an IPI.  Interrupts off, not in
 * a timer's function.
 */
void timers_move(u32 to);

/* This CPU is there, perhaps again: arm its hardware for what it has.  Interrupts off. */
void timers_arm(void);
