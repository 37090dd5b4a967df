/* SPDX-License-Identifier: MIT */
/*
 * tests/sched_wait.c - who waits is woken: not too early, in order, and always.
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/time.h"
#include "kernel/sched.h"
#include "kernel/wait.h"
#include "tests/cpus.h"
#include "tests/harness.h"
#include "tests/storm.h"
#include "tests/threads.h"

#define PAIR_ROUNDS 8000 /* of all pairs together, at most */
#define WAITERS	    24u
#define SLEEPERS    8u
#define SLEEP_STEP  (3 * NS_PER_MS)

/* --- completions ----------------------------------------------------------------------- */

struct pair {
	struct completion ping, pong;
	u64 value; /* whose turn it is writes it, and over */
	bool over;
	u32 wrong;
};

static struct storm_clock turns;

static int play_ping(void *arg)
{
	struct pair *p = arg;

	for (u64 i = 0; storm_step_due(&turns); i++) {
		p->wrong += p->value != 2 * i;
		p->value++;
		complete(&p->ping);
		wait_for_completion(&p->pong);
	}
	p->over = true;
	complete(&p->ping);
	return 0;
}

static int play_pong(void *arg)
{
	struct pair *p = arg;

	for (u64 i = 0;; i++) {
		wait_for_completion(&p->ping);
		if (p->over)
			break;
		p->wrong += p->value != 2 * i + 1;
		p->value++;
		complete(&p->pong);
	}
	return 0;
}

/* Pairs of threads, each on CPU n and the next one, wake each other in turns. */
TEST("sched.wait", ping_pong_loses_no_wake_up)
{
	static struct pair pairs[MAX_CPUS];
	static struct thread *threads[MAX_CPUS][2];
	u32 cpu;

	storm_start(&turns, share_of(PAIR_ROUNDS));
	for_each_cpu (cpu, &cpus_online) {
		struct pair *p = &pairs[cpu];
		u32 next = cpumask_next(&cpus_online, cpu);

		*p = (struct pair){ .value = 0 };
		completion_init(&p->ping);
		completion_init(&p->pong);
		threads[cpu][0] = thread_create_on(cpu, "ping", play_ping, p);
		threads[cpu][1] =
			thread_create_on(next < MAX_CPUS ? next : 0, "pong", play_pong, p);
		if (threads[cpu][0] == NULL || threads[cpu][1] == NULL) {
			test_fail(t, __FILE__, __LINE__, "no memory for threads");
			return;
		}
		thread_start(threads[cpu][0]);
		thread_start(threads[cpu][1]);
	}
	for_each_cpu (cpu, &cpus_online) {
		thread_join(threads[cpu][0]);
		thread_join(threads[cpu][1]);
		EXPECT_EQ(t, pairs[cpu].wrong, 0);
		EXPECT_EQ(t, pairs[cpu].value, 2 * turns.steps[cpu]);
	}
	storm_steps(t, &turns, &cpus_online);
}

#define WAKE_ROUNDS	2000 /* at most */
#define WAKE_MAX_PAUSES 97

struct answer {
	struct completion question;
	u32 answers; /* atomic */
	bool over;   /* before the last question, which gets no answer */
};

static int answer(void *arg)
{
	struct answer *a = arg;

	for (;;) {
		wait_for_completion(&a->question);
		if (a->over)
			break;
		__atomic_fetch_add(&a->answers, 1, __ATOMIC_RELEASE);
	}
	return 0;
}

/* Wake a thread at each moment of its way from running to its CPU's halt. */
TEST("sched.wait", wake_up_on_the_way_to_halt, .cpus = 2)
{
	static struct answer a;
	struct thread *thread;

	a = (struct answer){ .answers = 0 };
	completion_init(&a.question);
	thread = start_thread(t, cpumask_next(&cpus_online, cpu_id), "answer", answer, &a);
	if (thread == NULL)
		return;
	storm_clock_start(&turns, STORM_NS, WAKE_ROUNDS);
	for (u32 i = 0; storm_step_due(&turns); i++) {
		for (u32 n = 0; n < i % WAKE_MAX_PAUSES; n++)
			barrier();
		complete(&a.question);
		while (__atomic_load_n(&a.answers, __ATOMIC_ACQUIRE) != i + 1)
			cpu_pause();
	}
	a.over = true;
	complete(&a.question);
	thread_join(thread);
}

static void complete_it(void *arg)
{
	complete(arg);
}

/* From an interrupt, on each CPU, before and while somebody waits. */
TEST("sched.wait", completions_are_counted)
{
	static struct completion c;
	u32 cpu;

	completion_init(&c);
	on_each_cpu(complete_it, &c);
	for_each_cpu (cpu, &cpus_online)
		wait_for_completion(&c);
	EXPECT_EQ(t, c.done, 0);
}

/* --- wait queues ------------------------------------------------------------------------- */

struct crowd {
	struct wait_queue queue;
	u32 gate;    /* opens for so many */
	u32 passed;  /* atomic */
	u32 waiting; /* atomic: threads that are about to wait */
};

static bool pass(struct crowd *c)
{
	u32 gate = __atomic_load_n(&c->gate, __ATOMIC_RELAXED);

	while (gate != 0)
		if (__atomic_compare_exchange_n(&c->gate, &gate, gate - 1, false, __ATOMIC_ACQ_REL,
						__ATOMIC_RELAXED))
			return true;
	return false;
}

static int wait_at_gate(void *arg)
{
	struct crowd *c = arg;

	__atomic_fetch_add(&c->waiting, 1, __ATOMIC_RELAXED);
	wait_event(&c->queue, pass(c));
	__atomic_fetch_add(&c->passed, 1, __ATOMIC_RELAXED);
	return 0;
}

/* WAITERS threads, over all CPUs, on @c's queue. */
static bool gather(struct test *t, struct crowd *c, struct thread **threads)
{
	u32 cpu = 0;

	*c = (struct crowd){ .gate = 0 };
	wait_queue_init(&c->queue);
	for (u32 i = 0; i < WAITERS; i++) {
		threads[i] = thread_create_on(cpu, "waiter", wait_at_gate, c);
		if (threads[i] == NULL) {
			test_fail(t, __FILE__, __LINE__, "no memory for thread %u", i);
			return false;
		}
		thread_start(threads[i]);
		cpu = cpumask_next(&cpus_online, cpu);
		if (cpu >= MAX_CPUS)
			cpu = 0;
	}
	return true;
}

TEST("sched.wait", wake_all_wakes_all)
{
	struct thread *threads[WAITERS];
	struct crowd c;

	if (!gather(t, &c, threads))
		return;
	while (READ_ONCE(c.waiting) != WAITERS)
		yield();
	EXPECT_EQ(t, READ_ONCE(c.passed), 0);
	__atomic_store_n(&c.gate, WAITERS, __ATOMIC_SEQ_CST);
	wake_all(&c.queue);
	for (u32 i = 0; i < WAITERS; i++)
		thread_join(threads[i]);
	EXPECT_EQ(t, c.passed, WAITERS);
	EXPECT(t, list_empty(&c.queue.waiters), "somebody is still queued");
}

/* The gate opens for one at a time, with one wake-up each, while threads still arrive. */
TEST("sched.wait", each_wake_one_lets_one_pass)
{
	struct thread *threads[WAITERS];
	struct crowd c;

	if (!gather(t, &c, threads))
		return;
	for (u32 i = 0; i < WAITERS; i++) {
		__atomic_fetch_add(&c.gate, 1, __ATOMIC_SEQ_CST);
		wake_one(&c.queue);
	}
	for (u32 i = 0; i < WAITERS; i++)
		thread_join(threads[i]);
	EXPECT_EQ(t, c.passed, WAITERS);
	EXPECT_EQ(t, c.gate, 0);
}

struct line {
	struct wait_queue queue;
	bool open;
	u32 order[WAITERS];
	u32 passed;
};

struct in_line {
	struct line *line;
	u32 number;
};

static int stand_in_line(void *arg)
{
	struct in_line *me = arg;
	struct line *l = me->line;

	wait_event(&l->queue, READ_ONCE(l->open));
	l->order[l->passed++] = me->number; /* all on one CPU */
	return 0;
}

/* On one CPU: woken in the order in which they came, and a wake-up for nobody is no harm. */
TEST("sched.wait", first_come_first_woken)
{
	struct line l = { .open = false };
	struct in_line in_line[WAITERS];
	struct thread *threads[WAITERS];

	wait_queue_init(&l.queue);
	wake_one(&l.queue);
	for (u32 i = 0; i < WAITERS; i++) {
		in_line[i] = (struct in_line){ &l, i };
		threads[i] = thread_create_on(cpu_id, "in line", stand_in_line, &in_line[i]);
		if (threads[i] == NULL)
			continue;
		/* At once, and no two alike: the tick does not change their order. */
		thread_set_priority(threads[i], PRIORITY_HIGH - 1 - i / 2);
		thread_start(threads[i]);
	}
	for (u32 i = 0; i < 2; i++)
		wake_all(&l.queue); /* for nothing: they queue up again, in the same order */
	l.open = true;
	for (u32 i = 0; i < WAITERS; i++)
		wake_one(&l.queue);
	for (u32 i = 0; i < WAITERS; i++)
		if (threads[i] != NULL)
			thread_join(threads[i]);
	for (u32 i = 0; i < WAITERS; i++)
		EXPECT_EQ(t, l.order[i], i);
}

/* --- time-outs ---------------------------------------------------------------------------- */

TEST("sched.wait", time_outs)
{
	struct completion c;
	struct wait_queue q;
	u64 deadline = time_ns() + 3 * NS_PER_MS;

	completion_init(&c);
	wait_queue_init(&q);
	EXPECT_EQ(t, wait_for_completion_timeout(&c, deadline), -ETIMEDOUT);
	EXPECT(t, time_ns() >= deadline, "%lu ns early", deadline - time_ns());
	EXPECT_EQ(t, wait_for_completion_timeout(&c, 0), -ETIMEDOUT);
	deadline = time_ns() + 3 * NS_PER_MS;
	EXPECT_EQ(t, wait_event_timeout(&q, false, deadline), -ETIMEDOUT);
	EXPECT(t, time_ns() >= deadline, "%lu ns early", deadline - time_ns());
	EXPECT_EQ(t, wait_event_timeout(&q, true, 0), 0);
	EXPECT_EQ(t, READ_ONCE(current->state), THREAD_RUNNABLE);
	complete(&c);
	EXPECT_EQ(t, wait_for_completion_timeout(&c, 0), 0);
	EXPECT_EQ(t, c.done, 0);
	EXPECT(t, list_empty(&q.waiters) && list_empty(&c.queue.waiters), "somebody is queued");
}

static int complete_soon(void *arg)
{
	sleep_ns(2 * NS_PER_MS);
	complete(arg);
	return 0;
}

/* What happens before the deadline is not waited for until then. */
TEST("sched.wait", woken_before_the_deadline)
{
	u32 cpu;

	for_each_cpu (cpu, &cpus_online) {
		struct completion c;
		u64 deadline = time_ns() + 60 * NS_PER_SEC;
		struct thread *thread;

		completion_init(&c);
		thread = start_thread(t, cpu, "soon", complete_soon, &c);
		if (thread == NULL)
			return;
		EXPECT_EQ(t, wait_for_completion_timeout(&c, deadline), 0);
		thread_join(thread);
	}
}

#define RACES	      4000 /* of all pairs together, at most */
#define RACE_MAX_WAIT (60 * NS_PER_US)

struct race {
	struct wait_queue queue;
	struct completion go, c;
	u64 deadline;
	u32 round; /* of the event (atomic) */
	bool over;
	u32 timed_out, woken;
};

/* At the moment of the deadline, more or less: the event, and a completion. */
static int wake_at_the_deadline(void *arg)
{
	struct race *r = arg;

	for (;;) {
		wait_for_completion(&r->go);
		if (r->over)
			return 0;
		while (time_ns() < r->deadline)
			cpu_pause();
		__atomic_fetch_add(&r->round, 1, __ATOMIC_RELEASE);
		wake_one(&r->queue);
		complete(&r->c);
	}
}

/* What has timed out comes later all the same: no complete() is lost or counted twice. */
static void race_once(struct race *r, u32 round)
{
	r->deadline = time_ns() + round % 64 * RACE_MAX_WAIT / 64;
	complete(&r->go);
	if (wait_event_timeout(&r->queue, __atomic_load_n(&r->round, __ATOMIC_ACQUIRE) == round,
			       r->deadline))
		r->timed_out++;
	else
		r->woken++;
	if (wait_for_completion_timeout(&r->c, r->deadline))
		wait_for_completion(&r->c);
}

static int race(void *arg)
{
	struct race *r = arg;

	for (u32 round = 1; storm_step_due(&turns); round++)
		race_once(r, round);
	r->over = true;
	complete(&r->go);
	return 0;
}

static bool start_race(struct test *t, struct race *r, u32 cpu, struct thread **threads)
{
	u32 next = cpumask_next(&cpus_online, cpu);

	*r = (struct race){ .round = 0 };
	wait_queue_init(&r->queue);
	completion_init(&r->go);
	completion_init(&r->c);
	threads[0] = thread_create_on(cpu, "racer", race, r);
	threads[1] = thread_create_on(next < MAX_CPUS ? next : cpumask_first(&cpus_online), "waker",
				      wake_at_the_deadline, r);
	if (threads[0] == NULL || threads[1] == NULL) {
		test_fail(t, __FILE__, __LINE__, "no memory for threads");
		return false;
	}
	thread_start(threads[0]);
	thread_start(threads[1]);
	return true;
}

/* Wake-up and time-out at the same moment, on two CPUs: exactly one of them, and no hang. */
TEST("sched.wait", wake_up_against_time_out, .cpus = 2)
{
	static struct race races[MAX_CPUS];
	static struct thread *threads[MAX_CPUS][2];
	u32 cpu, woken = 0, timed_out = 0;

	storm_start(&turns, share_of(RACES));
	for_each_cpu (cpu, &cpus_online)
		if (!start_race(t, &races[cpu], cpu, threads[cpu]))
			return;
	for_each_cpu (cpu, &cpus_online) {
		thread_join(threads[cpu][0]);
		thread_join(threads[cpu][1]);
		EXPECT_EQ(t, races[cpu].c.done, 0);
		EXPECT(t, list_empty(&races[cpu].queue.waiters), "somebody is queued");
		woken += races[cpu].woken;
		timed_out += races[cpu].timed_out;
	}
	EXPECT_EQ(t, woken + timed_out, storm_steps(t, &turns, &cpus_online));
	test_note("%u woken, %u timed out", woken, timed_out);
}

struct pair_at_gate {
	struct wait_queue queue;
	struct thread *other;
	bool open;
};

static int wait_second(void *arg)
{
	struct pair_at_gate *p = arg;

	wait_event(&p->queue, READ_ONCE(p->open));
	return 0;
}

/* True at once, but not before another waits behind this one, and a wake-up has come. */
static bool look(struct pair_at_gate *p)
{
	thread_start(p->other);
	while (READ_ONCE(p->queue.waiters.next) == READ_ONCE(p->queue.waiters.prev) ||
	       thread_on_cpu(p->other)) /* it has not looked yet */
		cpu_pause();
	WRITE_ONCE(p->open, true);
	wake_one(&p->queue);
	return true;
}

/* A wake-up for one that did not need it any more goes to the next. */
TEST("sched.wait", passes_a_wake_up_on, .cpus = 2)
{
	static struct pair_at_gate p;

	p = (struct pair_at_gate){ .open = false };
	wait_queue_init(&p.queue);
	p.other = thread_create_on(cpumask_next(&cpus_online, cpu_id), "second", wait_second, &p);
	if (p.other == NULL) {
		test_fail(t, __FILE__, __LINE__, "no memory for a thread");
		return;
	}
	wait_event(&p.queue, look(&p));
	thread_join(p.other);
	EXPECT(t, list_empty(&p.queue.waiters), "somebody is queued");
}

/* --- sleep ------------------------------------------------------------------------------- */

struct sleep_job {
	u64 deadline;
	u64 began, woke;
	u32 *woken, order;
};

static int sleep_once(void *arg)
{
	struct sleep_job *s = arg;

	s->began = time_ns();
	sleep_until(s->deadline);
	s->woke = time_ns();
	s->order = (*s->woken)++; /* all on one CPU */
	return 0;
}

static void check_sleep(struct test *t, const struct sleep_job *jobs, u64 first_deadline)
{
	for (u32 i = 0; i < SLEEPERS; i++) {
		EXPECT(t, jobs[i].woke >= jobs[i].deadline, "woke %lu ns too early",
		       jobs[i].deadline - jobs[i].woke);
		if (jobs[SLEEPERS - 1].began < first_deadline) /* all slept at the same time */
			EXPECT_EQ(t, jobs[i].order, SLEEPERS - 1 - i);
	}
}

/* Longest first, on one CPU: they wake the other way round. */
static void sleep_on(struct test *t, u32 cpu)
{
	struct sleep_job jobs[SLEEPERS];
	struct thread *threads[SLEEPERS];
	u32 woken = 0;
	u64 first_deadline = time_ns() + 5 * SLEEP_STEP;

	for (u32 i = 0; i < SLEEPERS; i++) {
		jobs[i] = (struct sleep_job){
			.deadline = first_deadline + (SLEEPERS - 1 - i) * SLEEP_STEP,
			.woken = &woken,
		};
		threads[i] = thread_create_on(cpu, "sleeper", sleep_once, &jobs[i]);
		if (threads[i] == NULL) {
			test_fail(t, __FILE__, __LINE__, "no memory for sleeper %u", i);
			return;
		}
		/* If a busy host makes two wake at once, the tick does not change their order. */
		thread_set_priority(threads[i], PRIORITY_DEFAULT + i);
	}
	for (u32 i = 0; i < SLEEPERS; i++)
		thread_start(threads[i]);
	for (u32 i = 0; i < SLEEPERS; i++)
		thread_join(threads[i]);
	check_sleep(t, jobs, first_deadline);
}

TEST("sched.wait", sleepers_wake_in_order_and_not_early)
{
	u32 cpu;

	for_each_cpu (cpu, &cpus_online)
		sleep_on(t, cpu);
}
