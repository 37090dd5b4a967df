/* SPDX-License-Identifier: MIT */
/*
 * tests/sched_timer.c - timers expire in order, are cancelled from any CPU, and go on
 * elsewhere when their CPU leaves.
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/time.h"
#include "kernel/sched.h"
#include "kernel/timer.h"
#include "tests/cpus.h"
#include "tests/harness.h"
#include "tests/storm.h"
#include "tests/threads.h"

#define TIMERS 16u

struct noted_timer {
	struct timer timer;
	u32 *expired; /* atomic */
	u32 order, cpu;
	u64 when;
};

static void note_expiry(struct timer *timer)
{
	struct noted_timer *n = container_of(timer, struct noted_timer, timer);

	n->when = time_ns();
	n->cpu = cpu_id;
	n->order = __atomic_fetch_add(n->expired, 1, __ATOMIC_RELEASE);
}

static void wait_until(u32 *count, u32 value)
{
	while (__atomic_load_n(count, __ATOMIC_ACQUIRE) != value)
		cpu_pause();
}

/* By deadline; those of one moment as they were started; and not those that are cancelled. */
TEST("sched.timer", expire_in_order)
{
	struct noted_timer timers[TIMERS];
	u32 expired = 0;
	u64 start, flags = irq_save();

	start = time_ns() + 2 * NS_PER_MS;
	for (u32 i = 0; i < TIMERS; i++) {
		timers[i] = (struct noted_timer){ .expired = &expired, .order = TIMERS };
		timer_init(&timers[i].timer, note_expiry);
		timer_start(&timers[i].timer, start + (i % 4) * NS_PER_MS);
	}
	EXPECT(t, timer_cancel(&timers[TIMERS - 1].timer), "was not running");
	EXPECT(t, !timer_cancel(&timers[TIMERS - 1].timer), "still running");
	irq_restore(flags);
	sleep_ns(20 * NS_PER_MS);
	EXPECT_EQ(t, expired, TIMERS - 1);
	for (u32 i = 0; i < TIMERS - 1; i++) {
		EXPECT(t, timers[i].order == (i & 3) * (TIMERS / 4) + i / 4, "timer %u: %u", i,
		       timers[i].order);
		EXPECT(t, timers[i].when >= timers[i].timer.deadline, "timer %u: %lu ns early", i,
		       timers[i].timer.deadline - timers[i].when);
	}
	EXPECT_EQ(t, timers[TIMERS - 1].order, TIMERS);
}

/* A deadline that is farther away than the hardware counts, and one that is past. */
TEST("sched.timer", far_and_past_deadlines)
{
	struct noted_timer far, past;
	u32 far_expired = 0, expired = 0;

	far = (struct noted_timer){ .expired = &far_expired };
	past = (struct noted_timer){ .expired = &expired };
	timer_init(&far.timer, note_expiry);
	timer_init(&past.timer, note_expiry);
	timer_start(&far.timer, ~0ul);
	timer_start(&past.timer, 0);
	wait_until(&expired, 1);
	EXPECT(t, timer_cancel(&far.timer), "it has expired");
	EXPECT_EQ(t, far_expired, 0);
}

/* --- cancelled on another CPU ------------------------------------------------------------ */

struct slow_timer {
	struct timer timer;
	u32 began, inside, ran; /* atomic: how often it began; whether it runs; how often it has */
	u64 delay;		/* until it expires */
	u64 ns;			/* how long its function takes */
	bool again;		/* it starts itself again */
};

static void run_slowly(struct timer *timer)
{
	struct slow_timer *s = container_of(timer, struct slow_timer, timer);

	__atomic_store_n(&s->inside, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&s->began, 1, __ATOMIC_RELEASE);
	time_spin_ns(s->ns);
	if (s->again)
		timer_start(timer, time_ns());
	__atomic_fetch_add(&s->ran, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&s->inside, 0, __ATOMIC_RELEASE);
}

static void start_here(void *arg)
{
	struct slow_timer *s = arg;

	timer_start(&s->timer, time_ns() + s->delay);
}

/* timer_cancel() meets the function in its middle: it must be over when it returns. */
static void cancel_inside(struct test *t, bool again)
{
	static struct slow_timer s;
	u32 ran;

	s = (struct slow_timer){ .ns = NS_PER_MS / 4, .again = again };
	timer_init(&s.timer, run_slowly);
	run_on_cpu(cpumask_next(&cpus_online, cpu_id), start_here, &s);
	while (__atomic_load_n(&s.began, __ATOMIC_ACQUIRE) == 0)
		cpu_pause();
	timer_cancel(&s.timer);
	EXPECT_EQ(t, s.inside, 0);
	ran = s.ran;
	EXPECT(t, ran != 0, "it waited for nothing");
	time_spin_ns(NS_PER_MS);
	EXPECT_EQ(t, s.ran, ran);
	EXPECT(t, !timer_cancel(&s.timer), "it is pending");
}

TEST("sched.timer", cancel_waits_for_the_function, .cpus = 2)
{
	for (u32 i = 0; i < 20; i++)
		cancel_inside(t, false);
}

TEST("sched.timer", cancel_ends_one_that_starts_itself, .cpus = 2)
{
	for (u32 i = 0; i < 20; i++)
		cancel_inside(t, true);
}

#define ENDLESS_RUNS 10 /* unless it is cancelled */

/* Starts itself again when it knows that somebody waits for its end. */
static void run_until_cancelled(struct timer *timer)
{
	struct slow_timer *s = container_of(timer, struct slow_timer, timer);
	u64 deadline = time_ns() + NS_PER_SEC;

	s->ran++;
	__atomic_store_n(&s->began, s->ran, __ATOMIC_RELEASE);
	while (!READ_ONCE(timer->unwanted) && time_ns() < deadline)
		cpu_pause();
	if (s->ran < ENDLESS_RUNS)
		timer_start(timer, time_ns());
}

TEST("sched.timer", cancelled_one_cannot_start_itself, .cpus = 2)
{
	static struct slow_timer s;

	s = (struct slow_timer){ .delay = 0 };
	timer_init(&s.timer, run_until_cancelled);
	run_on_cpu(cpumask_next(&cpus_online, cpu_id), start_here, &s);
	while (__atomic_load_n(&s.began, __ATOMIC_ACQUIRE) == 0)
		cpu_pause();
	EXPECT(t, timer_cancel(&s.timer), "nothing was prevented");
	EXPECT_EQ(t, s.ran, 1);
	timer_start(&s.timer, UINT64_MAX); /* by others, again */
	EXPECT(t, timer_cancel(&s.timer), "it was not pending");
}

#define CANCEL_ROUNDS	20000 /* of all CPUs together, at most */
#define CANCEL_MAX_WAIT (50 * NS_PER_US)

static struct storm_clock cancels;
static u32 prevented, wrong; /* atomic */

/* Start one there, cancel it here, at about the moment when it expires. */
static void cancel_once(struct rand *r, u32 there)
{
	struct slow_timer s = {
		.delay = rand_below(r, CANCEL_MAX_WAIT),
		.ns = rand_below(r, NS_PER_US),
	};
	bool was_pending;

	timer_init(&s.timer, run_slowly);
	run_on_cpu(there, start_here, &s);
	time_spin_ns(rand_below(r, CANCEL_MAX_WAIT));
	was_pending = timer_cancel(&s.timer);
	__atomic_fetch_add(&prevented, was_pending, __ATOMIC_RELAXED);
	if (s.inside != 0 || s.ran != !was_pending)
		__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
}

static int cancel_many(void *arg)
{
	struct rand r = *(struct rand *)arg;
	u32 there = cpumask_next(&cpus_online, cpu_id);

	for (u32 i = 0; i < cpu_id; i++)
		rand_next(&r);
	if (there >= MAX_CPUS)
		there = cpumask_first_from(&cpus_online, 0);
	while (storm_step_due(&cancels))
		cancel_once(&r, there);
	return 0;
}

/* Each CPU's timers are on the next one; each ran, or was prevented, never both. */
TEST("sched.timer", cancel_storm, .cpus = 2)
{
	struct rand r = test_rand(t);

	prevented = 0;
	wrong = 0;
	storm_start(&cancels, share_of(CANCEL_ROUNDS));
	threads_on_each_cpu(t, 1, cancel_many, &r, 0);
	EXPECT_EQ(t, wrong, 0);
	test_note("%lu cancelled, %u of them in time", storm_steps(t, &cancels, &cpus_online),
		  prevented);
}

/* --- a CPU leaves ------------------------------------------------------------------------ */

struct move {
	u32 to;
	u32 expired;
	u64 first;
	struct noted_timer timers[TIMERS], pinned;
};

/* With interrupts off: a set of timers, one of them pinned, and off they go. */
static void start_and_move(void *arg)
{
	struct move *m = arg;

	m->first = time_ns() + NS_PER_MS;
	for (u32 i = 0; i < TIMERS; i++) {
		m->timers[i] = (struct noted_timer){ .expired = &m->expired };
		timer_init(&m->timers[i].timer, note_expiry);
		timer_start(&m->timers[i].timer, m->first + i % 4 * NS_PER_MS);
	}
	m->pinned = (struct noted_timer){ .expired = &m->expired };
	timer_init_pinned(&m->pinned.timer, note_expiry);
	timer_start(&m->pinned.timer, m->first);
	timers_move(m->to);
}

/* How late the latest was, in ns. */
static u64 check_moved(struct test *t, const struct move *m, u32 from)
{
	u64 last = 0, latest = 0;

	for (u32 i = 0; i < TIMERS; i++) {
		const struct noted_timer *n = &m->timers[i];

		EXPECT(t, n->cpu == m->to, "timer %u of CPU %u: on CPU %u, not %u", i, from, n->cpu,
		       m->to);
		EXPECT(t, n->when >= n->timer.deadline, "timer %u: %lu ns early", i,
		       n->timer.deadline - n->when);
		latest = MAX(latest, n->when - n->timer.deadline);
		last = MAX(last, n->when);
	}
	EXPECT_EQ(t, m->pinned.cpu, from);
	return latest;
}

/* From each CPU to the next one, which may be halted without any timer, and back to the first. */
TEST("sched.timer", go_on_elsewhere, .cpus = 2)
{
	static struct move m;
	u64 latest = 0;
	u32 cpu;

	for_each_cpu (cpu, &cpus_online) {
		m.to = cpumask_next(&cpus_online, cpu);
		if (m.to >= MAX_CPUS)
			m.to = cpumask_first_from(&cpus_online, 0);
		m.expired = 0;
		run_on_cpu(cpu, start_and_move, &m);
		wait_until(&m.expired, TIMERS + 1);
		latest = MAX(latest, check_moved(t, &m, cpu));
	}
	test_note("%lu us late at most", latest / NS_PER_US);
}

static void move_to_next(void *arg)
{
	u32 to = cpumask_next(&cpus_online, cpu_id);

	(void)arg;
	timers_move(to < MAX_CPUS ? to : cpumask_first_from(&cpus_online, 0));
}

static int sleep_while_they_move(void *arg)
{
	struct rand r = *(struct rand *)arg;

	for (u32 i = 0; i < cpu_id; i++)
		rand_next(&r);
	while (storm_step_due(&cancels)) {
		struct noted_timer n = { .expired = &prevented };
		u64 deadline = time_ns() + rand_below(&r, 4 * CANCEL_MAX_WAIT);
		bool was_pending;

		timer_init(&n.timer, note_expiry);
		timer_start(&n.timer, time_ns() + rand_below(&r, 4 * CANCEL_MAX_WAIT));
		sleep_until(deadline);
		if (time_ns() < deadline)
			__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
		was_pending = timer_cancel(&n.timer);
		if (was_pending != (n.when == 0))
			__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
	}
	return 0;
}

static bool moving;

static int move_all_the_time(void *arg)
{
	u32 cpu;

	(void)arg;
	while (READ_ONCE(moving))
		for_each_cpu (cpu, &cpus_online) {
			run_on_cpu(cpu, move_to_next, NULL);
			yield();
		}
	return 0;
}

/* Sleepers wake and cancels are exact while all timers go round and round. */
TEST("sched.timer", sleep_and_cancel_while_they_move, .cpus = 2)
{
	struct rand r = test_rand(t);
	struct thread *mover;

	prevented = 0;
	wrong = 0;
	moving = true;
	storm_start(&cancels, share_of(CANCEL_ROUNDS));
	mover = start_thread(t, cpu_id, "mover", move_all_the_time, NULL);
	if (mover == NULL)
		return;
	threads_on_each_cpu(t, 2, sleep_while_they_move, &r, 0);
	WRITE_ONCE(moving, false);
	thread_join(mover);
	EXPECT_EQ(t, wrong, 0);
	test_note("%lu sleeps", storm_steps(t, &cancels, &cpus_online));
}
