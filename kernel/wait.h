/* SPDX-License-Identifier: MIT */
/*
 * kernel/wait.h - block until something has happened.
 *
 *	wait_event(&q, condition)	returns when the condition holds
 *	wake_one(&q), wake_all(&q)	after it was made true
 *
 *	wait_for_completion(&c)		returns once for each complete(&c)
 *
 *	sleep_ns(ns)			returns after that time
 *
 * Waiting: interrupts on, outside interrupts, no lock held.  Waking: any context but NMI.
 * Queues and completions lie at addresses that all CPUs share; debug builds refuse others.
 */
#pragma once

#include "arch/x86_64/spinlock.h"
#include "lib/list.h"

struct thread;

struct wait_queue {
	struct spinlock lock;	  /* rank LOCK_RANK_WAIT */
	struct list_node waiters; /* [lock] who has waited longest first */
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

/* For wait_event(): queue up and prepare to block; be awake and off the queue. */
void wait_prepare(struct wait_queue *q, struct waiter *w);
void wait_finish(struct wait_queue *q, struct waiter *w);
void wait_block(void);

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

/* Block until time_ns() is @deadline, or for @ns. */
void sleep_until(u64 deadline);
void sleep_ns(u64 ns);
