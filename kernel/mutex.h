/* SPDX-License-Identifier: MIT */
/*
 * kernel/mutex.h - mutexes: one thread at a time, the others block, and lend it their priority.
 *
 *	static struct mutex lock = MUTEX_INIT(lock, MUTEX_RANK_...);
 *
 *	mutex_lock(&lock);
 *	...				may block, sleep, be preempted
 *	mutex_unlock(&lock);
 *
 * A thread's effective priority is the highest of its own and those of all who wait for a
 * mutex that it holds, directly or through others that wait (priority inheritance).  The
 * mutex goes to the waiter of the highest priority, first come first among equals.
 *
 * A mutex has a rank (mutex_rank.h).  A thread may only wait for a mutex of a higher rank
 * than any it holds; and for none while it holds a spinlock.  Debug builds panic otherwise,
 * when another than the owner unlocks, and when a thread ends and holds one.
 */
#pragma once

#include "kernel/mutex_rank.h"
#include "lib/list.h"
#include "lib/types.h"

struct thread;

/*
 * At an address that all CPUs share.  [I]: constant.  [a]: atomic.  [pi]: under mutex.c's
 * lock.  [o]: its owner's alone.
 */
struct mutex {
	u64 owner;		  /* [a] the thread; bit 0: .waiters is not empty; 0: free */
	struct list_node waiters; /* [pi] by priority, highest first: thread.pi.waiter */
	struct list_node lender;  /* [pi] of its owner's .lenders while somebody waits */
	struct list_node held;	  /* [o] debug: of its owner's .held */
	u32 rank;		  /* [I] enum mutex_rank */
	const char *name;	  /* [I] */
};

#define MUTEX_INIT(var, mutex_rank)                                                                \
	{                                                                                          \
		.waiters = LIST_INIT((var).waiters), .lender = LIST_INIT((var).lender),            \
		.held = LIST_INIT((var).held), .rank = (mutex_rank), .name = #var,                 \
	}

/* What mutexes know of a thread.  Keys as above. */
struct thread_pi {
	struct mutex *blocked_on; /* [pi] written; what it waits for */
	struct list_node waiter;  /* [pi] of that mutex's .waiters */
	struct list_node lenders; /* [pi] mutexes it owns and others wait for */
	struct list_node held;	  /* [o] debug: all it owns */
	u32 lent;		  /* [pi] a priority that it has otherwise; PRIORITY_IDLE: none */
};

void mutex_init(struct mutex *m, const char *name, enum mutex_rank rank);

/* Block until @m is this thread's.  Interrupts on, outside interrupts, no spinlock held. */
void mutex_lock(struct mutex *m);

/* Take @m if it is free: was it?  In a thread, never in an interrupt.  Any rank. */
bool mutex_trylock(struct mutex *m) WARN_UNUSED_RESULT;

/* Its owner's alone.  @m may be freed by who gets it next.  In a thread. */
void mutex_unlock(struct mutex *m);

/* Does the thread that runs own @m? */
bool mutex_held(const struct mutex *m);

/* For kernel/thread.c: a new thread's part; and the check that it holds nothing at its end. */
void mutex_init_thread(struct thread *t);
void mutex_check_exit(const struct thread *t);

/*
 * Give @t another priority of its own.  Its effective one, its place among waiters, and what
 * it lends to others follow.  The only place that writes base_priority of a thread that has
 * started.  Any context but NMI, no run queue's lock held.
 */
void mutex_set_base_priority(struct thread *t, u32 priority);

/* The same for what it has neither of its own nor by a mutex, but is lent (lend.h). */
void mutex_set_lent_priority(struct thread *t, u32 priority);
