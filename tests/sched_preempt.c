/* SPDX-License-Identifier: MIT */
/*
 * tests/sched_preempt.c - who is more urgent runs at once; who must not be preempted is not;
 * who is preempted goes on as if nothing had been.
 */
#include "arch/x86_64/irq.h"
#include "arch/x86_64/spinlock.h"
#include "kernel/sched.h"
#include "lib/assert.h"
#include "tests/cpus.h"
#include "tests/harness.h"
#include "tests/storm.h"
#include "tests/threads.h"

static u32 ran; /* what the test's threads have done, counted up */

static int count_up(void *arg)
{
	(void)arg;
	__atomic_fetch_add(&ran, 1, __ATOMIC_SEQ_CST);
	return 0;
}

TEST("sched.preempt", urgent_runs_before_the_waker_goes_on)
{
	struct thread *urgent = make_thread(t, cpu_id, PRIORITY_HIGH, count_up, NULL);

	if (urgent == NULL)
		return;
	WRITE_ONCE(ran, 0);
	thread_start(urgent);
	EXPECT_EQ(t, READ_ONCE(ran), 1);
	thread_join(urgent);
}

TEST("sched.preempt", others_wait)
{
	struct thread *equal = make_thread(t, cpu_id, PRIORITY_DEFAULT, count_up, NULL);
	struct thread *low = make_thread(t, cpu_id, PRIORITY_LOW, count_up, NULL);

	if (equal == NULL || low == NULL)
		return;
	WRITE_ONCE(ran, 0);
	thread_start(low);
	EXPECT_EQ(t, READ_ONCE(ran), 0);
	yield(); /* to equals only */
	EXPECT_EQ(t, READ_ONCE(ran), 0);
	preempt_disable(); /* against the tick */
	thread_start(equal);
	EXPECT_EQ(t, READ_ONCE(ran), 0);
	preempt_enable();
	thread_join(low);
	thread_join(equal);
}

TEST("sched.preempt", not_with_preemption_off)
{
	static struct spinlock lock = SPINLOCK_INIT("test", LOCK_RANK_TEST_OUTER);
	struct thread *urgent[3];
	u64 flags;

	for (u32 i = 0; i < ARRAY_SIZE(urgent); i++) {
		urgent[i] = make_thread(t, cpu_id, PRIORITY_HIGH, count_up, NULL);
		if (urgent[i] == NULL)
			return;
	}
	WRITE_ONCE(ran, 0);
	preempt_disable();
	thread_start(urgent[0]);
	EXPECT_EQ(t, READ_ONCE(ran), 0);
	preempt_enable();
	EXPECT_EQ(t, READ_ONCE(ran), 1);

	spin_lock(&lock);
	thread_start(urgent[1]);
	EXPECT_EQ(t, READ_ONCE(ran), 1);
	spin_unlock(&lock);
	EXPECT_EQ(t, READ_ONCE(ran), 2);

	flags = spin_lock_irqsave(&lock);
	thread_start(urgent[2]);
	EXPECT_EQ(t, READ_ONCE(ran), 2);
	spin_unlock_irqrestore(&lock, flags);
	EXPECT_EQ(t, READ_ONCE(ran), 3);
	for (u32 i = 0; i < ARRAY_SIZE(urgent); i++)
		thread_join(urgent[i]);
}

/* The tick's interrupt finds a CPU that must not switch: it does so right after. */
TEST("sched.preempt", not_in_an_interrupt_that_comes_meanwhile)
{
	struct thread *equal = make_thread(t, cpu_id, PRIORITY_DEFAULT, count_up, NULL);

	if (equal == NULL)
		return;
	WRITE_ONCE(ran, 0);
	preempt_disable();
	thread_start(equal);
	while (READ_ONCE(need_resched) == 0)
		cpu_pause();
	EXPECT_EQ(t, READ_ONCE(ran), 0);
	preempt_enable();
	EXPECT_EQ(t, READ_ONCE(ran), 1);
	thread_join(equal);
}

static int spin_until_one_ran(void *arg)
{
	(void)arg;
	__atomic_fetch_add(&ran, 1, __ATOMIC_SEQ_CST);
	while (READ_ONCE(ran) < 2)
		cpu_pause();
	return 0;
}

/* From another CPU, a thread that only spins is made to give way. */
TEST("sched.preempt", spinner_on_each_cpu)
{
	u32 cpu;

	for_each_cpu (cpu, &cpus_online) {
		struct thread *spinner =
			make_thread(t, cpu, PRIORITY_LOW, spin_until_one_ran, NULL);
		struct thread *urgent = make_thread(t, cpu, PRIORITY_LOW + 1, count_up, NULL);

		if (spinner == NULL || urgent == NULL)
			return;
		WRITE_ONCE(ran, 0);
		thread_start(spinner);
		while (READ_ONCE(ran) == 0)
			sleep_ns(A_MOMENT); /* on this CPU it is not urgent at all */
		thread_start(urgent);
		thread_join(urgent);
		thread_join(spinner);
	}
}

static u32 order[3], orders;

static int note_order(void *arg)
{
	order[orders++] = (u32)(u64)arg;
	return 0;
}

/* A change of priority moves who waits, and makes who runs give way. */
TEST("sched.preempt", priority_counts_from_now_on)
{
	struct thread *a = make_thread(t, cpu_id, PRIORITY_LOW, note_order, (void *)1ul);
	struct thread *b = make_thread(t, cpu_id, PRIORITY_LOW, note_order, (void *)2ul);
	struct thread *c = make_thread(t, cpu_id, PRIORITY_LOW, note_order, (void *)3ul);

	if (a == NULL || b == NULL || c == NULL)
		return;
	orders = 0;
	preempt_disable();
	thread_start(a);
	thread_start(b);
	thread_start(c);
	thread_set_priority(c, PRIORITY_HIGH);
	EXPECT_EQ(t, orders, 0);
	preempt_enable();
	EXPECT_EQ(t, orders, 1);
	thread_set_priority(b, PRIORITY_LOW + 1);
	thread_set_priority(current, PRIORITY_LOW); /* b now, and no longer than b */
	EXPECT_EQ(t, orders, 2);
	thread_set_priority(current, PRIORITY_DEFAULT);
	thread_join(a);
	thread_join(b);
	thread_join(c);
	EXPECT_EQ(t, order[0], 3);
	EXPECT_EQ(t, order[1], 2);
	EXPECT_EQ(t, order[2], 1);
}

/* It has said that it will block, and is preempted before it looks: it is no sleeper yet. */
TEST("sched.preempt", about_to_block)
{
	struct thread *urgent = make_thread(t, cpu_id, PRIORITY_HIGH, count_up, NULL);

	if (urgent == NULL)
		return;
	WRITE_ONCE(ran, 0);
	thread_prepare_to_block();
	thread_start(urgent);
	EXPECT_EQ(t, READ_ONCE(ran), 1); /* nobody has woken this thread */
	thread_stay_awake();
	thread_join(urgent);
}

static int wake_it(void *arg)
{
	ASSERT(thread_wake(arg), "thread %s was not about to block", ((struct thread *)arg)->name);
	return 0;
}

/* The same, and the wake-up comes while it is preempted: it is not queued twice. */
TEST("sched.preempt", woken_while_preempted_about_to_block)
{
	struct thread *urgent = make_thread(t, cpu_id, PRIORITY_HIGH, wake_it, current);

	if (urgent == NULL)
		return;
	thread_prepare_to_block();
	thread_start(urgent);
	EXPECT_EQ(t, READ_ONCE(current->state), THREAD_RUNNABLE);
	schedule();
	thread_join(urgent);
}

#define SUM_WORDS 64u

struct summer {
	struct test *t;
	struct storm_clock *clock;
	u64 seed;
};

/* A computation that lives in registers and on the stack. */
static u64 sum_of(u64 seed)
{
	u64 words[SUM_WORDS], a = seed, b = ~seed, c = seed << 7, d = seed * 3;

	for (u32 i = 0; i < SUM_WORDS; i++) {
		a += b ^ i;
		b = (b << 5 | b >> 59) + c;
		c ^= d + a;
		d = d * 0x9e3779b97f4a7c15ul + b;
		words[i] = a ^ d;
		barrier();
	}
	for (u32 i = 0; i < SUM_WORDS; i++)
		a += words[i] * (i + 1);
	return a;
}

static int sum_again_and_again(void *arg)
{
	struct summer *s = arg;
	u64 want = sum_of(s->seed);

	while (storm_step_due(s->clock)) {
		u64 got = sum_of(s->seed);

		EXPECT(s->t, got == want, "seed %lu: %#lx, then %#lx", s->seed, want, got);
	}
	return 0;
}

#define SUMMERS 3u /* on each CPU */
#define SUMS	20000

/* Wherever the tick comes, a thread finds its registers, flags and stack as they were. */
TEST("sched.preempt", sums_survive)
{
	static struct summer summers[SUMMERS * MAX_CPUS];
	static struct storm_clock clock;
	u32 n = SUMMERS * cpumask_weight(&cpus_online);

	storm_start(&clock, share_of(SUMS));
	for (u32 i = 0; i < n; i++)
		summers[i] = (struct summer){ t, &clock, i + 1 };
	threads_on_each_cpu(t, SUMMERS, sum_again_and_again, summers, sizeof(summers[0]));
	storm_steps(t, &clock, &cpus_online);
}
