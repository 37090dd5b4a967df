/* SPDX-License-Identifier: MIT */
/*
 * kernel/sched_cpu.c - a CPU stops running threads, and starts again (R8).
 *
 * From the moment its queue is closed and it is out of cpus_active, both under the queue's
 * lock, no thread is placed there: whoever places one looks under that lock.  Those that wait
 * there are moved at once.  The one that runs then, and every one that comes back from a
 * migrate-disabled section, is moved when it is switched out (settle()); so nobody begins
 * a section there who is not in one.  Left are those in sections, which go on there, sleep
 * and are woken, until the last has ended its section.
 *
 * A thread whose affinity names no other CPU runs elsewhere until this one is back.
 */
#include "arch/x86_64/irq.h"
#include "arch/x86_64/time.h"
#include "kernel/run_queue.h"
#include "kernel/sched.h"
#include "lib/assert.h"
#include "lib/err.h"
#include "lib/ksyms.h"
#include "lib/log.h"
#include "lib/string.h"

#define GRACE_NS                                                                                   \
	(1 * NS_PER_SEC) /* before the first report; each further one takes twice as long */
#define REPORTED 8u	 /* threads named in one report */

/* Nothing is left on @q, whose CPU leaves, but its idle thread. */
static bool is_drained(struct run_queue *q)
{
	u64 flags = spin_lock_irqsave(&q->lock);
	bool drained = running_on(q) == q->idle && q->nr_ready == 0 && list_empty(&q->pinned);

	spin_unlock_irqrestore(&q->lock, flags);
	return drained;
}

static void close(struct run_queue *q)
{
	u64 flags = spin_lock_irqsave(&q->lock);

	q->closed = true;
	cpumask_clear_atomic(&cpus_active, q->cpu);
	spin_unlock_irqrestore(&q->lock, flags);
}

/* Nobody who may move waits on @q any more: the one that runs looks at where it may. */
static void hurry(struct run_queue *q) REQUIRES(q->lock)
{
	if (running_on(q) != q->idle)
		running_on(q)->attention = true;
	kick(q);
}

/* Until the last has gone, the CPU may take one of them up. */
static void push_away(struct run_queue *q)
{
	struct thread *t;

	do {
		u64 flags = irq_save();

		spin_lock(&q->lock);
		t = take_waiting(q, WHICHEVER_CPU);
		if (t == NULL)
			hurry(q);
		spin_unlock(&q->lock);
		if (t != NULL)
			place(t);
		leave(flags);
	} while (t != NULL);
}

/* --- who is in the way ---------------------------------------------------------------------- */

struct report {
	u32 all; /* of which the first REPORTED are here */
	struct {
		char name[THREAD_NAME_MAX];
		u64 since, site;
	} pinned[REPORTED];
	char running[THREAD_NAME_MAX];
};

static void look(struct run_queue *q, struct report *r)
{
	u64 flags = spin_lock_irqsave(&q->lock);
	struct thread *t;

	r->all = 0;
	list_for_each_entry (t, &q->pinned, pinned_node) {
		if (r->all < REPORTED) {
			strlcpy(r->pinned[r->all].name, t->name, THREAD_NAME_MAX);
			r->pinned[r->all].since = t->pinned_since;
			r->pinned[r->all].site = t->pinned_site;
		}
		r->all++;
	}
	strlcpy(r->running, running_on(q)->name, THREAD_NAME_MAX);
	spin_unlock_irqrestore(&q->lock, flags);
}

static void print_report(struct run_queue *q)
{
	u64 now = time_ns();
	struct report r;

	look(q, &r);
	for (u32 i = 0; i < MIN(r.all, REPORTED); i++) {
		struct ksym_place site = ksym_place(r.pinned[i].site);

		printk("cpus: CPU %u waits for thread %s, for %lu ms in a section that begins at "
		       "%s+%#lx\n",
		       q->cpu, r.pinned[i].name, (now - r.pinned[i].since) / NS_PER_MS,
		       site.function, site.offset);
	}
	if (r.all > REPORTED)
		printk("cpus: CPU %u waits for %u threads more\n", q->cpu, r.all - REPORTED);
	if (r.all == 0)
		printk("cpus: CPU %u waits for thread %s, which runs and does not give way\n",
		       q->cpu, r.running);
}

static int wait_until_drained(struct run_queue *q, u64 deadline)
{
	u64 grace = GRACE_NS;

	for (;;) {
		u64 until = MIN(deadline, time_ns() + grace);

		if (wait_event_timeout(&q->drained, is_drained(q), until) == 0)
			return 0;
		print_report(q);
		if (until == deadline)
			return -EBUSY;
		grace *= 2;
	}
}

/* --- down and up ---------------------------------------------------------------------------- */

int sched_cpu_deactivate(u32 cpu, u64 deadline)
{
	struct run_queue *q = &run_queues[cpu];
	int err;

	close(q);
	push_away(q);
	err = wait_until_drained(q, deadline != 0 ? deadline : NO_DEADLINE);
	if (err)
		sched_cpu_activate(cpu);
	return err;
}

void sched_check_drained(void)
{
	struct run_queue *q = run_queue;

	ASSERT(list_empty(&q->pinned) && READ_ONCE(q->nr_ready) == 0 && current == q->idle,
	       "CPU %u leaves, and %s is in a migrate-disabled section or wants to run there",
	       q->cpu,
	       list_empty(&q->pinned) ? "a thread"
				      : list_first(&q->pinned, struct thread, pinned_node)->name);
}

void sched_cpu_activate(u32 cpu)
{
	struct run_queue *q = &run_queues[cpu];
	u64 flags = spin_lock_irqsave(&q->lock);
	u32 other;

	q->closed = false;
	cpumask_set_atomic(&cpus_active, cpu);
	spin_unlock_irqrestore(&q->lock, flags);
	for_each_cpu (other, &cpus_active)
		kick(&run_queues[other]); /* those that belong here come back; who idles pulls */
}
