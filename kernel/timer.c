/* SPDX-License-Identifier: MIT */
/*
 * kernel/timer.c - see timer.h.
 *
 * Each CPU keeps its timers in a list, soonest first, and its hardware armed for the
 * first.  The list is its own, so that interrupts off are lock enough.  It is short:
 * sleepers, one tick, one watchdog; starting a timer walks it.
 *
 * The hardware may be early, by rounding or because the deadline is farther away than it
 * counts: an interrupt with nothing due arms it again.
 */
#include "arch/x86_64/irq.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/time.h"
#include "arch/x86_64/upcall.h"
#include "kernel/timer.h"
#include "lib/assert.h"

static struct timer_queue {
	struct list_node timers; /* soonest first; those of one moment as they were started */
} ALIGNED(64) queues[MAX_CPUS];

static struct timer *first_of(struct timer_queue *q)
{
	return list_empty(&q->timers) ? NULL : list_first(&q->timers, struct timer, node);
}

/* Let the hardware wait for the first timer, or for nothing. */
static void arm(struct timer_queue *q)
{
	struct timer *first = first_of(q);
	u64 now = time_ns();

	if (first == NULL)
		timer_arm_ns(0);
	else
		timer_arm_ns(first->deadline > now ? first->deadline - now : 1);
}

void timer_init_cpu(u32 cpu)
{
	list_init(&queues[cpu].timers);
}

void timer_init(struct timer *t, timer_fn fn)
{
	list_init(&t->node);
	t->fn = fn;
}

void timer_start(struct timer *t, u64 deadline)
{
	u64 flags = irq_save();
	struct timer_queue *q = &queues[cpu_id];
	struct timer *later;

	ASSERT(list_empty(&t->node), "timer %p is running", (void *)t);
	t->deadline = deadline;
	t->cpu = cpu_id;
	list_for_each_entry (later, &q->timers, node)
		if (later->deadline > deadline)
			break;
	list_add_tail(&t->node, &later->node);
	if (first_of(q) == t)
		arm(q);
	irq_restore(flags);
}

bool timer_cancel(struct timer *t)
{
	u64 flags = irq_save();
	bool running = !list_empty(&t->node);

	ASSERT(!running || t->cpu == cpu_id, "CPU %u: cancels timer %p of CPU %u", cpu_id,
	       (void *)t, t->cpu);
	if (running) {
		list_del(&t->node);
		if (list_empty(&queues[cpu_id].timers))
			timer_arm_ns(0);
	}
	irq_restore(flags);
	return running;
}

void timer_expired(void)
{
	struct timer_queue *q = &queues[cpu_id];
	struct timer *t;

	while ((t = first_of(q)) != NULL && t->deadline <= time_ns()) {
		list_del(&t->node);
		t->fn(t); /* @t may be gone when it returns */
	}
	if (t != NULL)
		arm(q);
}
