/* SPDX-License-Identifier: MIT */
/*
 * kernel/wait.h - block until something has happened.
 *
 *	wait_event(&q, condition)	returns when the condition holds
 *	wake_one(&q), wake_all(&q)	after it was made true
 *
 *	wait_for_completion(&c)		returns once for each complete(&c)
 *
 *	wait_event_timeout(&q, condition, deadline)	the same, or -ETIMEDOUT when
 *	wait_for_completion_timeout(&c, deadline)	time_ns() is @deadline
 *
 *	sleep_ns(ns)			returns after that time
 *
 * Waiting: interrupts on, outside interrupts, no lock held.  Waking: any context but NMI.
 * Queues and completions lie at addresses that all CPUs share; debug builds refuse others.
 */
#pragma once

#include "arch/x86_64/spinlock.h"
#include "kernel/timer.h"
#include "lib/err.h"
#include "lib/list.h"
#include "lib/lock_check.h"

struct thread;

struct wait_queue {
	struct spinlock lock;			   /* rank LOCK_RANK_WAIT */
	struct list_node waiters GUARDED_BY(lock); /* who has waited longest first */
};

#define WAIT_QUEUE_INIT(var)                                                                       \
	{                                                                                          \
		.lock = SPINLOCK_INIT(#var, LOCK_RANK_WAIT), .waiters = LIST_INIT((var).waiters),  \
	}

/* One thread that waits in one queue, on its stack. */
struct waiter {
	struct list_node node; /* under the queue's lock; on no list: not waiting, or woken */
	struct thread *thread;
};

void wait_queue_init(struct wait_queue *q);

/* Wake the one that has waited longest, or all.  Each is off the queue then. */
void wake_one(struct wait_queue *q);
void wake_all(struct wait_queue *q);

/* A deadline of a thread that waits, on its stack. */
struct time_out {
	u64 deadline; /* by time_ns(), or NO_DEADLINE */
	struct timer timer;
	struct thread *thread; /* NULL: the timer has not been started */
	bool over;	       /* written by the timer's function */
};

#define NO_DEADLINE (~0ul)

/*
 * For wait_event(): queue up and prepare to block; be awake and off the queue.  A wake-up
 * that came after the last wait_prepare() is passed on: it may have been meant for another.
 */
void wait_prepare(struct wait_queue *q, struct waiter *w);
void wait_finish(struct wait_queue *q, struct waiter *w);
void wait_block(void);

/* For wait_event_timeout(): is it over; block, but no longer; the timer runs no more. */
bool time_out_is_over(const struct time_out *o);
void time_out_block(struct time_out *o);
void time_out_stop(struct time_out *o);

/*
 * Block until @condition, an expression that is evaluated each time the thread is woken.
 * Without a lock: who takes what it waited for must make sure that nobody else has.
 */
#define wait_event(q, condition)                                                                   \
	do {                                                                                       \
		struct wait_queue *queue_ = (q);                                                   \
		struct waiter waiter_ = { .thread = NULL };                                        \
                                                                                                   \
		for (;;) {                                                                         \
			wait_prepare(queue_, &waiter_);                                            \
			if (condition)                                                             \
				break;                                                             \
			wait_block();                                                              \
		}                                                                                  \
		wait_finish(queue_, &waiter_);                                                     \
	} while (0)

/*
 * The same, at most until time_ns() is @time_limit: 0, or -ETIMEDOUT if @condition was still
 * false then.
 */
#define wait_event_timeout(q, condition, time_limit)                                               \
	({                                                                                         \
		struct wait_queue *queue_ = (q);                                                   \
		struct waiter waiter_ = { .thread = NULL };                                        \
		struct time_out time_out_ = { .deadline = (time_limit) };                          \
		int result_ = 0;                                                                   \
                                                                                                   \
		for (;;) {                                                                         \
			bool over_;                                                                \
                                                                                                   \
			wait_prepare(queue_, &waiter_);                                            \
			over_ = time_out_is_over(&time_out_); /* and then the condition */         \
			if (condition)                                                             \
				break;                                                             \
			result_ = over_ ? -ETIMEDOUT : 0;                                          \
			if (over_)                                                                 \
				break;                                                             \
			time_out_block(&time_out_);                                                \
		}                                                                                  \
		wait_finish(queue_, &waiter_);                                                     \
		time_out_stop(&time_out_);                                                         \
		result_;                                                                           \
	})

/* A count of things that have happened and that nobody has waited for yet. */
struct completion {
	struct wait_queue queue;
	u32 done; /* under the queue's lock */
};

#define COMPLETION_INIT(var)                                                                       \
	{                                                                                          \
		.queue = WAIT_QUEUE_INIT((var).queue)                                              \
	}

void completion_init(struct completion *c);

/* One waiter may go on.  @c may be gone when it returns: the waiter's to free. */
void complete(struct completion *c);

/* Block until complete() has been called once more than this has returned. */
void wait_for_completion(struct completion *c);

/* The same, at most until time_ns() is @deadline: 0; -ETIMEDOUT if it has taken no complete(). */
int wait_for_completion_timeout(struct completion *c, u64 deadline) WARN_UNUSED_RESULT;

/* Block until time_ns() is @deadline, or for @ns. */
void sleep_until(u64 deadline);
void sleep_ns(u64 ns);
