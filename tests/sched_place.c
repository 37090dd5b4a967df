/* SPDX-License-Identifier: MIT */
/*
 * tests/sched_place.c - on which CPU a thread runs: affinity, migrate-disabled sections (R7),
 * placement and balance.  Each with each: sched_place_storm.c.
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/migrate.h"
#include "arch/x86_64/shared.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/time.h"
#include "arch/x86_64/trap.h"
#include "kernel/run_queue.h"
#include "kernel/sched.h"
#include "lib/err.h"
#include "lib/assert.h"
#include "tests/cpus.h"
#include "tests/harness.h"
#include "tests/puppet.h"
#include "tests/threads.h"

/* --- affinity ------------------------------------------------------------------------------ */

TEST("sched.place", affinity_moves_who_runs, .cpus = 2)
{
	struct puppet p;
	u32 cpu;

	if (!make_puppet(t, &p, 1))
		return;
	order(&p, ORDER_SPIN);
	EXPECT_EQ(t, p.cpu, 1);
	for_each_cpu (cpu, &cpus_online) {
		EXPECT_EQ(t, move(&p, cpu), 0);
		EXPECT_EQ(t, p.thread->cpu, cpu);
		order(&p, ORDER_SPIN);
		EXPECT_EQ(t, p.cpu, cpu);
	}
	end_puppet(&p);
}

TEST("sched.place", affinity_moves_who_sleeps, .cpus = 2)
{
	struct puppet p;
	u32 cpu;

	if (!make_puppet(t, &p, 1))
		return;
	for_each_cpu (cpu, &cpus_online) {
		EXPECT_EQ(t, move(&p, cpu), 0);
		order(&p, ORDER_SLEEP);
		EXPECT_EQ(t, p.cpu, cpu);
	}
	end_puppet(&p);
}

/* It waits behind this thread on this CPU, and goes at once. */
TEST("sched.place", affinity_moves_who_waits, .cpus = 2)
{
	u32 self = cpu_id, there = other_than(self);
	struct puppet p;

	if (!make_puppet(t, &p, self))
		return;
	thread_set_priority(current, PRIORITY_DEFAULT + 1); /* this CPU is not given up */
	tell(&p, ORDER_SLEEP);
	EXPECT(t, !has_done(&p), "it ran beside this thread");
	EXPECT_EQ(t, move(&p, there), 0);
	while (!has_done(&p))
		cpu_pause();
	thread_set_priority(current, PRIORITY_DEFAULT);
	EXPECT_EQ(t, p.cpu, there);
	end_puppet(&p);
}

static int move_self(void *arg)
{
	struct test *t = arg;
	u32 cpu;

	for_each_cpu (cpu, &cpus_online) {
		struct cpumask mask = only(cpu);

		EXPECT_EQ(t, thread_set_affinity(current, &mask), 0);
		EXPECT_EQ(t, this_cpu_read(cpu_id), cpu);
	}
	return 0;
}

TEST("sched.place", affinity_moves_oneself)
{
	run_thread(t, cpu_id, move_self, t);
}

TEST("sched.place", affinity_without_a_cpu)
{
	struct cpumask none = { 0 };

	EXPECT_EQ(t, thread_set_affinity(current, &none), -EINVAL);
	cpumask_set(&none, MAX_CPUS - 1);
	if (!cpumask_test(&cpus_online, MAX_CPUS - 1))
		EXPECT_EQ(t, thread_set_affinity(current, &none), -EINVAL);
}

/* --- idle CPUs ------------------------------------------------------------------------------ */

static u32 is_held, may_go;

static void hold_in_interrupt(struct trapframe *f)
{
	(void)f;
	shared_store(&is_held, 1);
	while (!shared_load(&may_go))
		cpu_pause();
}

/* @cpu idles, and does nothing until may_go: it is in an interrupt. */
static void hold_idle_cpu(struct test *t, u32 cpu)
{
	const struct run_queue *q = &run_queues[cpu];

	is_held = may_go = 0;
	irq_set_handler(IRQ_TEST, hold_in_interrupt);
	while (running_on(q) != q->idle)
		cpu_pause();
	apic_send_ipi(cpus[cpu].apic_id, IRQ_TEST);
	while (!shared_load(&is_held))
		cpu_pause();
	EXPECT(t, running_on(q) == q->idle, "CPU %u does not idle", cpu);
}

/*
 * A CPU that idles has been told of a thread and has not run it yet: another that idles too leaves
 * it there, since the first could take it back, and so on.
 */
TEST("sched.place", idle_cpu_keeps_what_it_will_run, .cpus = 2)
{
	u32 there = other_than(cpu_id);
	struct cpumask both = only(there);
	struct puppet p;
	u64 flags;

	if (!make_puppet(t, &p, there))
		return;
	cpumask_set(&both, cpu_id);
	EXPECT_EQ(t, thread_set_affinity(p.thread, &both), 0);
	hold_idle_cpu(t, there);
	tell(&p, ORDER_SLEEP);
	EXPECT_EQ(t, READ_ONCE(p.thread->cpu), there);
	flags = irq_save();
	pull();
	irq_restore(flags);
	EXPECT_EQ(t, READ_ONCE(p.thread->cpu), there);
	shared_store(&may_go, 1);
	while (!has_done(&p))
		cpu_pause();
	EXPECT_EQ(t, p.cpu, there);
	end_puppet(&p);
}

/* --- migrate-disabled sections -------------------------------------------------------------- */

/* This thread is switched out meanwhile. */
static void let_another_run(struct test *t)
{
	struct puppet other;

	if (make_puppet(t, &other, cpu_id))
		end_puppet(&other);
}

TEST("sched.place", sections_nest)
{
	EXPECT_EQ(t, migrate_count, 0);
	migrate_disable();
	migrate_disable();
	EXPECT_EQ(t, migrate_count & ~MIGRATE_SLOW, 2);
	migrate_enable();
	EXPECT_EQ(t, migrate_count & ~MIGRATE_SLOW, 1);
	let_another_run(t); /* it may sleep in one */
	EXPECT_EQ(t, migrate_count, 1 | MIGRATE_SLOW);
	EXPECT(t, current->pinned_since != 0, "the time is not known");
	migrate_enable();
	EXPECT_EQ(t, migrate_count, 0);
}

TEST("sched.place", own_affinity_in_a_section)
{
	struct cpumask mask = only(cpu_id);

	migrate_disable();
	EXPECT_EQ(t, thread_set_affinity(current, &mask), -EBUSY);
	migrate_enable();
}

struct setter {
	struct test *t;
	struct puppet *p;
	u32 cpu, *order, nth;
	struct completion asked;
};

/* Ask for a change, and note when it came about. */
static int set_affinity(void *arg)
{
	struct setter *s = arg;
	struct cpumask mask = only(s->cpu);

	complete(&s->asked);
	EXPECT_EQ(s->t, thread_set_affinity(s->p->thread, &mask), 0);
	EXPECT(s->t, !cpumask_equal(&s->p->thread->affinity, &cpus_online), "no change");
	s->nth = __atomic_fetch_add(s->order, 1, __ATOMIC_SEQ_CST);
	return 0;
}

#define SETTERS 3u

/* Has the thread as many changes waiting? */
static u32 waiting_changes(const struct thread *t)
{
	const struct list_node *n;
	u32 changes = 0;

	for (n = t->requests.next; n != &t->requests; n = n->next)
		changes++;
	return changes;
}

static void start_setters(struct test *t, struct setter *s, struct puppet *p, u32 *order_of_end,
			  struct thread **threads)
{
	u32 cpu = p->cpu;

	for (u32 i = 0; i < SETTERS; i++) {
		cpu = other_than(cpu);
		s[i] = (struct setter){ .t = t, .p = p, .cpu = cpu, .order = order_of_end };
		completion_init(&s[i].asked);
		threads[i] = thread_create_on(cpu_id, "setter", set_affinity, &s[i]);
		ASSERT(threads[i] != NULL, "no memory for a thread");
		/* No two alike: the tick does not change the order in which they note it. */
		thread_set_priority(threads[i], PRIORITY_HIGH - i);
		thread_start(threads[i]);
		wait_for_completion(&s[i].asked);
		while (waiting_changes(p->thread) != i + 1)
			sleep_ns(A_MOMENT);
	}
}

/* Sleeping or running in a section: changes queue up, come about at its end, in their order. */
static void check_changes_wait(struct test *t, enum order in_section)
{
	struct thread *threads[SETTERS];
	struct setter s[SETTERS];
	u32 ended = 0;
	struct puppet p;

	if (!make_puppet(t, &p, 1))
		return;
	order(&p, ORDER_ENTER);
	order(&p, in_section);
	start_setters(t, s, &p, &ended, threads);
	order(&p, in_section); /* it runs once more, and where it was */
	EXPECT_EQ(t, p.cpu, 1);
	EXPECT_EQ(t, READ_ONCE(ended), 0);
	EXPECT_EQ(t, waiting_changes(p.thread), SETTERS);
	order(&p, ORDER_LEAVE);
	for (u32 i = 0; i < SETTERS; i++) {
		thread_join(threads[i]);
		EXPECT_EQ(t, s[i].nth, i);
	}
	EXPECT_EQ(t, p.cpu, s[SETTERS - 1].cpu); /* at once: noted behind migrate_enable() */
	EXPECT(t, cpumask_test(&p.thread->affinity, s[SETTERS - 1].cpu), "not the last one's");
	EXPECT_EQ(t, ended, SETTERS);
	end_puppet(&p);
}

TEST("sched.place", changes_wait_for_a_sleeper, .cpus = 2)
{
	check_changes_wait(t, ORDER_SLEEP);
}

TEST("sched.place", changes_wait_for_a_runner, .cpus = 2)
{
	check_changes_wait(t, ORDER_SPIN);
}

struct leaver {
	struct completion entered, leave;
	u32 cpu; /* behind the section */
};

static int leave_unpreempted(void *arg)
{
	struct leaver *l = arg;

	migrate_disable();
	complete(&l->entered);
	wait_for_completion(&l->leave);
	preempt_disable();
	migrate_enable();
	preempt_enable();
	l->cpu = this_cpu_read(cpu_id);
	return 0;
}

/* The section's end may not switch: the end of what forbids it does. */
TEST("sched.place", section_ends_with_preemption_off, .cpus = 2)
{
	u32 there = other_than(1), ended = 0;
	struct leaver l = { .cpu = there };
	struct puppet p = { .thread = NULL };
	struct setter s = { .t = t, .p = &p, .cpu = there, .order = &ended };
	struct thread *setter;

	completion_init(&l.entered);
	completion_init(&l.leave);
	completion_init(&s.asked);
	p.thread = start_thread(t, 1, "leaver", leave_unpreempted, &l);
	setter = make_thread(t, cpu_id, PRIORITY_DEFAULT, set_affinity, &s);
	ASSERT(p.thread != NULL && setter != NULL, "no memory for a thread");
	wait_for_completion(&l.entered);
	thread_start(setter);
	while (waiting_changes(p.thread) != 1)
		sleep_ns(A_MOMENT);
	complete(&l.leave);
	thread_join(setter);
	thread_join(p.thread);
	EXPECT_EQ(t, l.cpu, there);
}

static int end_soon(void *arg)
{
	for (u64 i = 0; i < (u64)arg; i++)
		cpu_pause();
	return 0;
}

#define ENDINGS 100u

/* A change comes about, or the thread has ended: nobody waits for ever. */
TEST("sched.place", change_meets_the_end, .cpus = 2)
{
	u32 changed = 0, ended = 0;

	for (u32 i = 0; i < ENDINGS; i++) {
		struct cpumask there = only(other_than(1));
		struct thread *thread = start_thread(t, 1, "test", end_soon, (void *)(i * 37ul));
		int err;

		if (thread == NULL)
			return;
		err = thread_set_affinity(thread, &there);
		EXPECT(t, err == 0 || err == -ESRCH, "%s", err_name(err));
		changed += err == 0;
		ended += err == -ESRCH;
		thread_join(thread);
	}
	test_note("%u changes, %u after the end", changed, ended);
}

static int report_sections(void *arg)
{
	(void)arg;
	return (int)migrate_count;
}

/* Who is created in a section is in none. */
TEST("sched.place", section_is_not_inherited)
{
	migrate_disable();
	EXPECT_EQ(t, run_thread(t, cpu_id, report_sections, NULL), 0);
	migrate_enable();
}

/* --- placement ----------------------------------------------------------------------------- */

static void let_run_anywhere(struct test *t, struct puppet *p)
{
	EXPECT_EQ(t, thread_set_affinity(p->thread, &cpus_online), 0);
}

/* This CPU is busy with this thread, another has nothing to do: a woken one goes there. */
TEST("sched.place", woken_goes_where_nobody_runs, .cpus = 2)
{
	struct puppet p;

	if (!make_puppet(t, &p, cpu_id))
		return;
	let_run_anywhere(t, &p);
	tell(&p, ORDER_SLEEP);
	while (!has_done(&p))
		cpu_pause();
	EXPECT(t, p.cpu != cpu_id, "it ran on this CPU");
	end_puppet(&p);
}

#define PAIRS 10u

/* Two are woken here one after the other: do they go to the same CPU? */
static bool woken_go_together(struct test *t, struct puppet *a, struct puppet *b)
{
	u32 self = cpu_id, first, second;

	EXPECT_EQ(t, move(a, self), 0);
	EXPECT_EQ(t, move(b, self), 0);
	order(a, ORDER_SLEEP);
	order(b, ORDER_SLEEP);
	let_run_anywhere(t, a);
	let_run_anywhere(t, b);
	preempt_disable();
	tell(a, ORDER_SPIN); /* it stays where it comes to run */
	first = READ_ONCE(a->thread->cpu);
	tell(b, ORDER_SPIN);
	second = READ_ONCE(b->thread->cpu);
	preempt_enable();
	while (!has_done(a) || !has_done(b))
		cpu_pause();
	return first == second;
}

/* Each to a CPU of its own: the first one's is taken before it knows. */
TEST("sched.place", woken_go_to_one_each, .cpus = 3)
{
	struct puppet a, b;
	u32 together = 0;

	if (!make_puppet(t, &a, cpu_id) || !make_puppet(t, &b, cpu_id))
		return;
	for (u32 i = 0; i < PAIRS; i++)
		together += woken_go_together(t, &a, &b);
	EXPECT(t, together < PAIRS / 2, "%u of %u pairs went to one CPU", together, PAIRS);
	end_puppet(&a);
	end_puppet(&b);
}

/* ... but not one in a section, whatever its affinity says. */
TEST("sched.place", woken_in_a_section_stays, .cpus = 2)
{
	struct puppet p;

	if (!make_puppet(t, &p, cpu_id))
		return;
	order(&p, ORDER_ENTER);
	order(&p, ORDER_SLEEP);
	p.thread->affinity = cpus_online; /* nobody else looks: it sleeps */
	for (u32 i = 0; i < 3; i++) {
		tell(&p, ORDER_SLEEP);
		while (!has_done(&p))
			sleep_ns(NS_PER_MS);
		EXPECT_EQ(t, p.cpu, cpu_id);
	}
	order(&p, ORDER_LEAVE);
	end_puppet(&p);
}

/* Two that want to run on one CPU, which is busy: the tick there has an idle one come for them. */
TEST("sched.place", idle_cpu_pulls, .cpus = 2)
{
	u32 self = cpu_id;
	struct puppet p;

	if (!make_puppet(t, &p, self))
		return;
	preempt_disable();
	tell(&p, ORDER_SLEEP);
	p.thread->affinity = cpus_online; /* it waits on this CPU's queue */
	while (!has_done(&p))
		cpu_pause();
	EXPECT(t, p.cpu != self, "it ran on this CPU");
	preempt_enable();
	end_puppet(&p);
}

static int note_cpu_in_section(void *arg)
{
	struct puppet *p = arg;

	migrate_disable();
	WRITE_ONCE(p->cpu, cpu_id);
	__atomic_store_n(&p->done, 1, __ATOMIC_RELEASE);
	while (READ_ONCE(p->order) == 0)
		yield();
	EXPECT_EQ((struct test *)p->thread, cpu_id, p->cpu);
	migrate_enable();
	return 0;
}

/* A thread in a section waits on a busy CPU while others have nothing to do: nobody pulls it. */
TEST("sched.place", section_is_not_pulled, .cpus = 2)
{
	struct puppet p = { .thread = (struct thread *)t };
	struct thread *thread = start_thread(t, cpu_id, "test", note_cpu_in_section, &p);
	u64 until;

	if (thread == NULL)
		return;
	while (__atomic_load_n(&p.done, __ATOMIC_ACQUIRE) == 0)
		yield();
	preempt_disable();
	thread->affinity = cpus_online;	    /* it waits on this CPU's queue */
	until = time_ns() + 50 * NS_PER_MS; /* some ticks, each of which looks for help */
	while (time_ns() < until)
		cpu_pause();
	EXPECT_EQ(t, thread->cpu, cpu_id);
	WRITE_ONCE(p.order, 1);
	preempt_enable();
	thread_join(thread);
}
