/* SPDX-License-Identifier: MIT */
/*
 * kernel/place.c - on which CPU a thread runs: affinity, migrate-disabled sections, and who
 * moves whom.  run_queue.h says what a queue is, and that a thread on its way is its mover's.
 *
 * A thread moves
 *	when it is woken		to a CPU that idles, if its own is busy
 *	when a CPU has nothing to do	which pulls it from a queue on which it waits
 *	when it may not stay		by a change of its affinity, or its CPU leaves
 *
 * Each looks at may_run_on() under the lock of the queue that the thread goes to, and at
 * thread.migrate_count (R7), which is right while the thread does not run.  What a running
 * thread's count is, its own CPU knows alone.  So a change of a running thread's affinity is
 * a request, which settle() answers when the thread is switched out: there, or at the end
 * of its section, which is a switch if somebody waits for it.
 */
#include "arch/x86_64/irq.h"
#include "arch/x86_64/migrate.h"
#include "arch/x86_64/time.h"
#include "kernel/run_queue.h"
#include "kernel/sched.h"
#include "lib/assert.h"
#include "lib/err.h"

struct cpumask cpus_active;

/* --- where ----------------------------------------------------------------------------------- */

/* Those of @t's affinity that are active; if none is, all that are. */
static struct cpumask allowed_cpus(const struct thread *t)
{
	struct cpumask allowed;

	cpumask_and(&allowed, &t->affinity, &cpus_active);
	if (cpumask_empty(&allowed))
		cpumask_copy(&allowed, &cpus_active);
	return allowed;
}

bool may_run_on(const struct thread *t, u32 cpu)
{
	struct cpumask allowed;

	if (!cpumask_test(&cpus_active, cpu))
		return false;
	if (cpumask_test(&t->affinity, cpu))
		return true;
	cpumask_and(&allowed, &t->affinity, &cpus_active);
	return cpumask_empty(&allowed);
}

u32 claim_idle(const struct cpumask *allowed)
{
	struct cpumask idle;
	u32 cpu;

	cpumask_and(&idle, allowed, &cpus_idle);
	for_each_cpu (cpu, &idle)
		if (cpumask_clear_atomic(&cpus_idle, cpu))
			return cpu;
	return MAX_CPUS;
}

u32 select_cpu(struct thread *t)
{
	struct cpumask allowed;
	u32 cpu, last = t->cpu;

	if (t->migrate_count != 0)
		return last;
	allowed = allowed_cpus(t);
	if (cpumask_test(&allowed, last) && cpumask_clear_atomic(&cpus_idle, last))
		return last;
	cpu = claim_idle(&allowed);
	if (cpu >= MAX_CPUS)
		cpu = cpumask_test(&allowed, last) ? last : cpumask_next(&allowed, last);
	if (cpu >= MAX_CPUS)
		cpu = cpumask_first(&allowed);
	t->attention |= !cpumask_test(&t->affinity, cpu); /* back, when one of its own returns */
	return cpu;
}

void place(struct thread *t)
{
	for (;;) {
		struct run_queue *q = &run_queues[t->cpu];

		spin_lock(&q->lock);
		if (may_run_on(t, q->cpu)) {
			enqueue(q, t);
			spin_unlock(&q->lock);
			return;
		}
		t->cpu = select_cpu(t);
		spin_unlock(&q->lock);
	}
}

/* --- switched out, with something to look at ------------------------------------------------ */

/* The first time in this section: from here on others may want to know of it. */
static void note_section(struct run_queue *q, struct thread *t) REQUIRES(q->lock)
{
	t->pinned_cpu = q->cpu;
	t->pinned_since = time_ns();
	list_add_tail(&t->pinned_node, &q->pinned);
	this_cpu_or(migrate_count, MIGRATE_SLOW);
}

static void forget_section(struct thread *t)
{
	list_del(&t->pinned_node);
	this_cpu_write(migrate_count, 0);
}

/* All changes that were asked for, in that order; the last one counts. */
static void take_requests(struct run_queue *q, struct thread *t) REQUIRES(q->lock)
{
	bool dead = READ_ONCE(t->state) == THREAD_DEAD;

	while (!list_empty(&t->requests)) {
		struct affinity_request *r =
			list_first(&t->requests, struct affinity_request, node);

		list_del(&r->node);
		list_add_tail(&r->node, &q->answered);
		r->result = dead ? -ESRCH : 0;
		t->affinity = r->mask;
		q->after |= AFTER_TELL;
	}
}

bool settle(struct run_queue *q, struct thread *t)
{
	u32 count = migrate_count;

	if (q->closed)
		q->after |= AFTER_EMPTY;
	if (count == MIGRATE_SLOW) {
		forget_section(t);
	} else if (count != 0) {
		if (!(count & MIGRATE_SLOW))
			note_section(q, t);
		t->pinned_site =
			migrate_site; /* it may have been switched out before it was noted */
		return true;
	}
	take_requests(q, t);
	t->attention = !cpumask_test(&t->affinity, q->cpu);
	return may_run_on(t, q->cpu);
}

void answer_requests(struct run_queue *q)
{
	for (;;) {
		struct affinity_request *r;

		spin_lock(&q->lock);
		if (list_empty(&q->answered)) {
			spin_unlock(&q->lock);
			return;
		}
		r = list_first(&q->answered, struct affinity_request, node);
		list_del(&r->node);
		spin_unlock(&q->lock);
		complete(&r->done); /* @r may be gone now */
	}
}

/* Somebody may wait for this: a switch finds out, now or as soon as there may be one. */
void migrate_enable_slow(void)
{
	need_resched = 1;
	preempt_now();
}

/* --- balance ------------------------------------------------------------------------------- */

struct thread *take_waiting(struct run_queue *q, u32 cpu)
{
	struct thread *t;

	for (u32 priority = PRIORITIES; priority-- > 0;)
		list_for_each_entry (t, &q->ready[priority], queue)
			if (t->migrate_count == 0 && (cpu == WHICHEVER_CPU || may_run_on(t, cpu))) {
				queue_remove(q, t);
				return t;
			}
	return NULL;
}

/*
 * Does somebody wait on @q for whom its CPU has no time?  One that idles takes the first itself:
 * two idle CPUs could else take a thread from each other for ever, before either runs it.
 */
static bool has_one_to_spare(const struct run_queue *q) NO_LOCK_CHECK
{
	return READ_ONCE(q->nr_ready) > (running_on(q) == q->idle);
}

void pull(void)
{
	struct run_queue *own = run_queue;
	u32 cpu;

	if (READ_ONCE(own->nr_ready) != 0 || READ_ONCE(own->closed))
		return;
	for_each_cpu (cpu, &cpus_active) {
		struct run_queue *q = &run_queues[cpu];
		struct thread *t = NULL;

		/* Many may come at once: one is enough, and the tick asks again. */
		if (q == own || !has_one_to_spare(q) || !spin_trylock(&q->lock))
			continue;
		if (has_one_to_spare(q))
			t = take_waiting(q, own->cpu);
		if (t != NULL)
			t->cpu = own->cpu;
		spin_unlock(&q->lock);
		if (t == NULL)
			continue;
		place(t);
		return;
	}
}

/* --- affinity ------------------------------------------------------------------------------ */

/*
 * Under the lock of @q, @t's.  0: it is done, and @t must be placed if *@moves.  -EAGAIN: @r
 * waits for it to be switched out.
 */
static int change_affinity(struct run_queue *q, struct thread *t, struct affinity_request *r,
			   bool *moves) REQUIRES(q->lock)
{
	if (READ_ONCE(t->state) == THREAD_DEAD)
		return -ESRCH;
	if (t == current && migrate_count != 0)
		return -EBUSY;
	if (running_on(q) == t || t->migrate_count != 0) {
		list_add_tail(&r->node, &t->requests);
		t->attention = true;
		if (running_on(q) == t)
			kick(q);
		return -EAGAIN;
	}
	t->affinity = r->mask;
	*moves = is_queued(t) && !may_run_on(t, q->cpu);
	if (*moves)
		queue_remove(q, t);
	return 0;
}

int thread_set_affinity(struct thread *t, const struct cpumask *mask)
{
	struct affinity_request r = { .mask = *mask };
	struct cpumask active;
	struct run_queue *q;
	bool moves = false;
	u64 flags;
	int err;

	might_block(__builtin_return_address(0));
	cpumask_and(&active, mask, &cpus_active);
	if (cpumask_empty(&active))
		return -EINVAL;
	list_init(&r.node);
	completion_init(&r.done);
	flags = irq_save();
	q = lock_queue_of(t);
	spin_assert_held(&q->lock);
	err = change_affinity(q, t, &r, &moves);
	spin_unlock(&q->lock);
	if (moves)
		place(t);
	leave(flags);
	if (err != -EAGAIN)
		return err;
	wait_for_completion(&r.done);
	return r.result;
}
