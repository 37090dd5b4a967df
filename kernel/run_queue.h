/* SPDX-License-Identifier: MIT */
/*
 * kernel/run_queue.h - a CPU's run queue: for the scheduler's own files only.
 *
 *	sched.c		which thread runs next, and the switch
 *	place.c		on which CPU a thread runs
 *	sched_cpu.c	CPUs that come and go
 *	sched_check.c	what must hold at a switch
 *	hand_over.h	the switch from a thread that blocks straight to the one it has served
 *
 * A thread that wants to run (on_rq) is in one of three places: it runs (running_on()), it is on a
 * list of ready[], or it is on its way from one queue to another and on none.  thread.cpu
 * names the queue whose lock protects it, and changes under that lock; who wants the lock
 * takes it and looks again (lock_queue_of).  On its way a thread is its mover's, who checks
 * again under the lock of the queue it comes to; so nobody holds two of these locks.
 */
#pragma once

#include "arch/x86_64/irq.h"
#include "arch/x86_64/spinlock.h"
#include "kernel/thread.h"
#include "kernel/timer.h"
#include "lib/lock_check.h"

/* What is left to do when the lock has been released: bits of run_queue.after. */
#define AFTER_DEAD  1u /* .before has ended: tell who joins it */
#define AFTER_PLACE 2u /* .before must run elsewhere */
#define AFTER_TELL  4u /* .answered has requests that are done */
#define AFTER_EMPTY 8u /* .closed, and perhaps nothing is left: who waits for that looks */

struct run_queue {
	struct spinlock lock; /* rank LOCK_RANK_RUNQUEUE */
	u32 cpu;	      /* constant */
	u64 blocked_here;     /* constant: .standing_there of one that is blocked on this CPU */
	union {
		struct {
			u32 mask GUARDED_BY(lock); /* bit p: ready[p] is not empty */
			/* The CPU leaves: nobody comes, and who may move goes.  Who ran when none
			   of these waited any more has .attention. */
			bool closed GUARDED_BY(lock);
			bool long_way; /* constant: see ipc_direct.c */
		};
		u64 hindrances GUARDED_BY(lock); /* 0: there is none of these */
	};
	u32 nr_ready GUARDED_BY(lock); /* threads on ready[]; others may read it as a hint */
	u32 after;		       /* [lock] AFTER_*; then the CPU's, interrupts off */
	bool ticking;		       /* its CPU's, interrupts off: the tick is started */
	struct thread *before;	       /* [lock] who ran before its current, during a switch */
	struct thread *idle;	       /* constant */
	/* Threads that were switched out in a migrate-disabled section, by .pinned_node. */
	struct list_node pinned GUARDED_BY(lock);
	struct list_node answered GUARDED_BY(lock); /* struct affinity_request */
	struct wait_queue drained;		    /* for who waits until nothing is left */
	struct timer tick;			    /* its CPU's */
	struct list_node ready[PRIORITIES] GUARDED_BY(lock);
} ALIGNED(64);

extern struct run_queue run_queues[MAX_CPUS];

/* This CPU's. */
DECLARE_PER_CPU(struct run_queue *, run_queue);

/* CPUs that halt for want of a thread; a waker that chooses one clears its bit. */
extern struct cpumask cpus_idle;

/* A change of affinity that waits for its thread to be where it may take effect. */
struct affinity_request {
	struct list_node node; /* of thread.requests, then of run_queue.answered */
	struct cpumask mask;
	int result;
	struct completion done;
};

/* Lock the queue that @t belongs to.  Interrupts off. */
struct run_queue *lock_queue_of(const struct thread *t) REQUIRES(irqs_off);

/* Its CPU's current thread, which changes under the lock. */
static inline struct thread *running_on(const struct run_queue *q)
{
	return READ_ONCE(*per_cpu_ptr(&current, q->cpu));
}

static inline u32 top_priority(const struct run_queue *q) REQUIRES(q->lock)
{
	return 31u - (u32)__builtin_clz(q->mask);
}

/* --- sched.c.  All under the lock of @q ---------------------------------------------------- */

static inline void queue_insert(struct run_queue *q, struct thread *t, bool first) REQUIRES(q->lock)
{
	struct list_node *list = &q->ready[t->priority];

	if (first)
		list_add(&t->queue, list);
	else
		list_add_tail(&t->queue, list);
	q->mask |= 1u << t->priority;
	q->nr_ready++;
}

static inline void queue_remove(struct run_queue *q, struct thread *t) REQUIRES(q->lock)
{
	list_del(&t->queue);
	if (list_empty(&q->ready[t->priority]))
		q->mask &= ~(1u << t->priority);
	q->nr_ready--;
}

/* Is @t on a list of ready[]?  Under its queue's lock. */
static inline bool is_queued(const struct thread *t)
{
	return !list_empty(&t->queue);
}

/* Put @t on @q, its own, and see to it that the CPU notices if it must. */
void enqueue(struct run_queue *q, struct thread *t) REQUIRES(q->lock);

/* Let @q's CPU think again about who runs. */
void kick(const struct run_queue *q);

/* Start @q's tick, if it is not: its CPU is this one.  Interrupts off. */
void tick_start(struct run_queue *q);

/* What had to wait for the lock.  The thread before may be gone as soon as it was told of. */
void sched_do_after(struct run_queue *q, u32 after) REQUIRES(irqs_off);

/* A switch has been made, and this is the stack of who runs now. */
static ALWAYS_INLINE void finish_switch(void) REQUIRES(irqs_off)
{
	struct run_queue *q = run_queue;
	u32 after = q->after;

	spin_assert_held(&q->lock); /* who switched took it, on another stack */
	spin_unlock_irqs_off(&q->lock);
	if (unlikely(after != 0))
		sched_do_after(q, after);
}

/* No lock held any more: interrupts as they were, and what need_resched asked for meanwhile. */
static inline void leave(u64 flags) RELEASES(irqs_off)
{
	irq_restore(flags);
	preempt_if_needed();
}

/* --- place.c ------------------------------------------------------------------------------- */

/* May @t, which is in no migrate-disabled section, run on @cpu as things are? */
bool may_run_on(const struct thread *t, u32 cpu);

/* One of @allowed that idles, which is the caller's to send a thread to; MAX_CPUS: none. */
u32 claim_idle(const struct cpumask *allowed);

/* Where @t should run, which does not run now.  Under its queue's lock. */
u32 select_cpu(struct thread *t);

/* Put @t, which is on its way, on the queue where it should run.  No lock held, interrupts off. */
void place(struct thread *t) REQUIRES(irqs_off);

/*
 * @t is switched out and something is special about it: it is in a section or has just
 * ended one, has requests, or its CPU leaves.  May it stay?  Under the lock of @q, its own.
 */
bool settle(struct run_queue *q, struct thread *t) REQUIRES(q->lock);

#define WHICHEVER_CPU MAX_CPUS

/*
 * The most urgent thread that waits on @q and may run on @cpu, or WHICHEVER_CPU: off the queue, on
 * its way.  NULL: none.  Under the lock of @q.
 */
struct thread *take_waiting(struct run_queue *q, u32 cpu) REQUIRES(q->lock);

/* Bring a thread from a CPU where some wait to this one, which has none.  Interrupts off. */
void pull(void) REQUIRES(irqs_off);

/* Answer requests that @q has noted.  No lock held, interrupts off. */
void answer_requests(struct run_queue *q) REQUIRES(irqs_off) EXCLUDES(q->lock);

/* --- sched_check.c ------------------------------------------------------------------------- */

/* Panics if the switch from @prev to @next, about to be made, breaks a rule. */
void check_switch(const struct run_queue *q, const struct thread *prev, const struct thread *next)
	REQUIRES(q->lock);
