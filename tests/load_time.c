/* SPDX-License-Identifier: MIT */
/*
 * tests/load_time.c - the clock jumps ahead, as it does when a virtual machine was stopped for
 * a while: what became due meanwhile expires late, once, and in order; what repeats catches up
 * and ends; and who waits with a time-out gets what he waited for, or his time-out.
 */
#include "arch/x86_64/time.h"
#include "kernel/sched.h"
#include "kernel/timer.h"
#include "tests/load.h"

#define TIMERS	 16u /* of each CPU */
#define APART	 (60 * NS_PER_MS)
#define JUMP	 NS_PER_SEC /* over all of them, and the half of what repeats */
#define PERIOD	 NS_PER_MS
#define BEATS	 (u32)(2 * JUMP / PERIOD)
#define ROUNDS	 10u
#define LIMIT	 (10 * NS_PER_SEC) /* of what a slow emulator takes */
#define ALL_JUMP (20 * NS_PER_SEC) /* of the storm: far from the test's own limit */

struct jumped {
	struct timer timer;
	u32 expired, order; /* how often, and as how manieth of its CPU's */
	bool early;
};

/* What repeats, from its deadline on and not from when it came. */
struct beat {
	struct timer timer;
	u32 beats;
	bool early;
};

static struct of_cpu {
	struct jumped timers[TIMERS];
	struct beat beat;
	u32 expired;
} of_cpu[MAX_CPUS];

static void on_expiry(struct timer *timer)
{
	struct jumped *j = container_of(timer, struct jumped, timer);
	struct of_cpu *c = &of_cpu[cpu_id];

	j->early |= time_ns() < timer->deadline;
	j->order = __atomic_fetch_add(&c->expired, 1, __ATOMIC_RELEASE);
	j->expired++;
}

static void on_beat(struct timer *timer)
{
	struct beat *b = container_of(timer, struct beat, timer);

	b->early |= time_ns() < timer->deadline;
	if (__atomic_add_fetch(&b->beats, 1, __ATOMIC_RELEASE) < BEATS)
		timer_start(timer, timer->deadline + PERIOD);
}

static void start_timers(void *arg)
{
	struct of_cpu *c = &of_cpu[cpu_id];
	u64 now = time_ns();

	(void)arg;
	*c = (struct of_cpu){ 0 };
	timer_init(&c->beat.timer, on_beat);
	timer_start(&c->beat.timer, now + PERIOD);
	for (u32 i = TIMERS; i-- > 0;) {
		timer_init(&c->timers[i].timer, on_expiry);
		timer_start(&c->timers[i].timer, now + (i + 1) * APART);
	}
}

static bool all_over(const struct of_cpu *c)
{
	return __atomic_load_n(&c->expired, __ATOMIC_ACQUIRE) == TIMERS &&
	       __atomic_load_n(&c->beat.beats, __ATOMIC_ACQUIRE) == BEATS;
}

static void check_timers(struct test *t, u32 cpu)
{
	struct of_cpu *c = &of_cpu[cpu];

	EXPECT(t, all_over(c), "CPU %u: %u timers of %u, %u beats of %u", cpu, c->expired, TIMERS,
	       c->beat.beats, BEATS);
	for (u32 i = 0; i < TIMERS; i++) {
		struct jumped *j = &c->timers[i];

		EXPECT(t, !timer_cancel(&j->timer) && j->expired == 1 && j->order == i && !j->early,
		       "CPU %u, timer %u: expired %u times, as number %u, early %u", cpu, i,
		       j->expired, j->order, j->early);
	}
	EXPECT(t, !timer_cancel(&c->beat.timer) && !c->beat.early, "CPU %u: a beat is early", cpu);
}

TEST("load.time", timers_expire_once_and_in_order)
{
	struct rand r = test_rand(t);
	u64 before, late;
	u32 cpu;

	on_each_cpu(start_timers, NULL);
	time_spin_ns(rand_below(&r, 2 * APART));
	before = time_ns();
	time_jump(JUMP);
	EXPECT(t, time_ns() - before >= JUMP, "the clock has not jumped");
	for_each_cpu (cpu, &cpus_online)
		while (!all_over(&of_cpu[cpu]) && time_ns() - before < LIMIT)
			sleep_ns(A_MOMENT);
	late = time_ns() - before;
	for_each_cpu (cpu, &cpus_online)
		check_timers(t, cpu);
	test_note("all over %lu ms after a jump of %lu ms", late / NS_PER_MS, JUMP / NS_PER_MS);
}

/* --- threads that wait ------------------------------------------------------------------------ */

static void wait_for_time_out(struct worker *w)
{
	struct completion c;
	u64 deadline = time_ns() + rand_below(&w->r, JUMP);

	completion_init(&c);
	EXPECT_EQ(w->g->t, wait_for_completion_timeout(&c, deadline), -ETIMEDOUT);
	EXPECT(w->g->t, time_ns() >= deadline, "CPU %u: timed out too early", w->number);
	complete(&c);
	EXPECT_EQ(w->g->t, wait_for_completion_timeout(&c, 0), 0); /* late, but it is there */
}

/* Many at a time: the storm's own clock jumps, too, so that there are few steps. */
static void step(struct worker *w)
{
	for (u32 i = 0; i < ROUNDS; i++) {
		worker_sleep(w);
		worker_change(w);
		wait_for_time_out(w);
	}
}

static u32 storm_over; /* atomic */

static int jump_ahead(void *arg)
{
	struct gang *g = arg;
	struct rand r = test_rand(g->t);
	u64 jumps = 0, sum = 0;

	while (!__atomic_load_n(&storm_over, __ATOMIC_ACQUIRE) && sum < ALL_JUMP) {
		u64 ns = rand_below(&r, JUMP / 4);

		time_jump(ns);
		sum += ns;
		jumps++;
		sleep_ns(rand_below(&r, 2 * A_MOMENT));
	}
	test_note("%lu jumps over %lu ms", jumps, sum / NS_PER_MS);
	return 0;
}

static void rage(struct gang *g)
{
	struct thread *thread = thread_create("jumps", jump_ahead, g);

	EXPECT(g->t, thread != NULL, "no memory for a thread");
	if (thread == NULL)
		return;
	__atomic_store_n(&storm_over, 0, __ATOMIC_RELAXED);
	thread_start(thread);
	gang_start(g, step);
	gang_join(g);
	__atomic_store_n(&storm_over, 1, __ATOMIC_RELEASE);
	thread_join(thread);
}

TEST("load.time", who_waits_wakes, .limit_ms = 2 * TEST_LIMIT_MS)
{
	static struct gang g;

	if (gang_make(t, &g))
		rage(&g);
	gang_end(&g);
}
