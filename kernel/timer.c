/* SPDX-License-Identifier: MIT */
/*
 * kernel/timer.c - see timer.h.
 *
 * Each CPU keeps its timers in a list, soonest first, and its hardware armed for the first.
 * The list is short: sleepers, one tick, one watchdog; starting a timer walks it.  Only its
 * CPU adds to it and arms its hardware, except in timers_move(); others only take timers off.
 *
 * timer.cpu names the queue whose lock protects the timer, and changes under that lock: who
 * wants the lock takes it and looks again.  Between two queues it says TIMER_MOVING, and who
 * wants the timer waits.  So nobody holds the locks of two queues.
 *
 * The lock is free while a timer's function runs; .running says whose.  It is compared only,
 * since that timer may be gone.  A new timer at the same address costs who cancels it a
 * wait for nothing.
 *
 * The hardware may be early: by rounding, because the deadline is farther away than it
 * counts, or because another CPU has cancelled the first timer.  An interrupt with nothing
 * due arms it again.
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/ipi.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/spinlock.h"
#include "arch/x86_64/time.h"
#include "arch/x86_64/trap.h"
#include "arch/x86_64/upcall.h"
#include "kernel/timer.h"
#include "lib/assert.h"

static struct timer_queue {
	struct spinlock lock; /* rank LOCK_RANK_TIMERS */
	/* Soonest first; those of one moment as they were started. */
	struct list_node timers GUARDED_BY(lock);
	struct timer *running GUARDED_BY(lock); /* whose function this CPU runs */
} ALIGNED(64) queues[MAX_CPUS];

static struct timer *first_of(struct timer_queue *q) REQUIRES(q->lock)
{
	return list_empty(&q->timers) ? NULL : list_first(&q->timers, struct timer, node);
}

/* Let this CPU's hardware wait for the first timer of @q, its own, or for nothing. */
static void arm(struct timer_queue *q) REQUIRES(q->lock)
{
	struct timer *first = first_of(q);

	if (first == NULL)
		timer_disarm();
	else
		timer_arm_at(first->deadline);
}

void timer_init_cpu(u32 cpu)
{
	spin_init(&queues[cpu].lock, "timers", LOCK_RANK_TIMERS);
	list_init(&queues[cpu].timers);
}

void timer_init(struct timer *t, timer_fn fn)
{
	list_init(&t->node);
	t->fn = fn;
	t->cpu = this_cpu_read(cpu_id);
	t->pinned = t->unwanted = t->prevented = false;
}

void timer_init_pinned(struct timer *t, timer_fn fn)
{
	timer_init(t, fn);
	t->pinned = true;
}

/* Lock the queue that @t belongs to.  Interrupts off.  Then say spin_assert_held(). */
static NO_LOCK_CHECK struct timer_queue *lock_home_of(const struct timer *t)
{
	for (;; cpu_pause()) {
		u32 cpu = READ_ONCE(t->cpu);

		if (cpu == TIMER_MOVING)
			continue;
		spin_lock(&queues[cpu].lock);
		if (READ_ONCE(t->cpu) == cpu)
			return &queues[cpu];
		spin_unlock(&queues[cpu].lock);
	}
}

/* Under the lock. */
static void insert(struct timer_queue *q, struct timer *t) REQUIRES(q->lock)
{
	struct timer *later;

	list_for_each_entry (later, &q->timers, node)
		if (later->deadline > t->deadline)
			break;
	list_add_tail(&t->node, &later->node);
}

/* From the queue of another CPU, locked, to this one's, then locked: one for the other. */
static NO_LOCK_CHECK struct timer_queue *bring_here(struct timer_queue *q, struct timer *t)
{
	struct timer_queue *here = &queues[cpu_id];

	if (q == here)
		return q;
	WRITE_ONCE(t->cpu, cpu_id);
	spin_unlock(&q->lock);
	spin_lock(&here->lock);
	return here;
}

/* The queue that it is on, for the one that it was on, each locked. */
static NO_LOCK_CHECK struct timer_queue *start_locked(struct timer_queue *q, struct timer *t,
						      u64 deadline)
{
	if (q->running != t)
		q = bring_here(q, t);
	t->deadline = deadline;
	insert(q, t);
	if (first_of(q) == t && q->running == NULL) /* else timer_expired() does it */
		arm(q);
	return q;
}

void timer_start(struct timer *t, u64 deadline)
{
	u64 flags = irq_save();
	struct timer_queue *q = lock_home_of(t);

	spin_assert_held(&q->lock);
	ASSERT(list_empty(&t->node), "timer %p is pending", (void *)t);
	if (t->unwanted)
		t->prevented = true;
	else
		q = start_locked(q, t, deadline);
	spin_unlock_irqrestore(&q->lock, flags);
}

/* @may_wait: for other CPUs, as the caller came. */
static void check_cancel(const struct timer_queue *q, const struct timer *t, bool may_wait)
	REQUIRES(q->lock)
{
	const struct timer_queue *here = &queues[cpu_id];

	ASSERT(q != here || q->running != t, "CPU %u: cancels timer %p in its own function", cpu_id,
	       (const void *)t);
	ASSERT(q == here || may_wait,
	       "CPU %u: cancels timer %p of CPU %u with a lock that others spin on", cpu_id,
	       (const void *)t, t->cpu);
	ASSERT(q == here || READ_ONCE(here->running) == NULL,
	       "CPU %u: cancels timer %p of CPU %u in a timer's function", cpu_id, (const void *)t,
	       t->cpu);
}

/*
 * One try: true if @t's function runs nowhere.  If it runs it ends before long: it cannot start @t
 * again, which it could go on to do for as long as it has the lock sooner than this CPU.
 */
static bool try_cancel(struct timer *t, bool *prevented)
{
	u64 flags = irq_save();
	bool may_wait = spin_may_wait_for_cpus();
	struct timer_queue *q = lock_home_of(t);
	bool running;

	spin_assert_held(&q->lock);
	running = q->running == t;
	if (CONFIG_DEBUG)
		check_cancel(q, t, may_wait);
	if (!list_empty(&t->node)) {
		*prevented = true;
		list_del(&t->node);
		if (q == &queues[cpu_id] && list_empty(&q->timers))
			timer_disarm();
	}
	*prevented |= t->prevented;
	t->prevented = false;
	t->unwanted = running;
	spin_unlock_irqrestore(&q->lock, flags);
	return !running;
}

bool timer_cancel(struct timer *t)
{
	bool prevented = false;

	while (!try_cancel(t, &prevented))
		cpu_pause();
	return prevented;
}

void timer_expired(void)
{
	struct timer_queue *q = &queues[cpu_id];
	struct timer *t;

	spin_lock(&q->lock);
	while ((t = first_of(q)) != NULL && t->deadline <= time_ns()) {
		list_del(&t->node);
		q->running = t;
		spin_unlock(&q->lock);
		t->fn(t); /* @t may be gone when it returns */
		spin_lock(&q->lock);
		q->running = NULL;
	}
	if (t != NULL)
		arm(q);
	spin_unlock(&q->lock);
}

void timers_arm(void)
{
	struct timer_queue *q = &queues[cpu_id];

	spin_lock(&q->lock);
	arm(q);
	spin_unlock(&q->lock);
}

/* What is not pinned, off this CPU's queue, to the end of @moving. */
static void take_all(struct timer_queue *q, struct list_node *moving)
{
	struct timer *t, *next;

	spin_lock(&q->lock);
	ASSERT(q->running == NULL, "CPU %u: moves its timers in the function of %p", cpu_id,
	       (void *)q->running);
	list_for_each_entry_safe (t, next, &q->timers, node) {
		if (t->pinned)
			continue;
		list_del(&t->node);
		WRITE_ONCE(t->cpu, TIMER_MOVING);
		list_add_tail(&t->node, moving);
	}
	arm(q);
	spin_unlock(&q->lock);
}

void timers_move(u32 to)
{
	struct timer_queue *q = &queues[to];
	struct list_node moving;

	ASSERT(!irqs_enabled(), "CPU %u: timers_move with interrupts on", cpu_id);
	ASSERT(to != cpu_id && cpumask_test(&cpus_online, to), "CPU %u: its timers to CPU %u",
	       cpu_id, to);
	list_init(&moving);
	take_all(&queues[cpu_id], &moving);
	if (list_empty(&moving))
		return;
	spin_lock(&q->lock);
	while (!list_empty(&moving)) {
		struct timer *t = list_first(&moving, struct timer, node);

		list_del(&t->node);
		insert(q, t);
		WRITE_ONCE(t->cpu, to);
	}
	spin_unlock(&q->lock);
	apic_send_ipi(cpus[to].apic_id, IRQ_TIMER); /* serves what is due, and arms for the rest */
}
