/* SPDX-License-Identifier: MIT */
/*
 * tests/provoke_threads.c - see provoke.h: mutexes and timers used wrongly.
 */
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/spinlock.h"
#include "arch/x86_64/time.h"
#include "kernel/mutex.h"
#include "kernel/sched.h"
#include "kernel/timer.h"
#include "lib/assert.h"
#include "tests/provoke.h"

static struct mutex first = MUTEX_INIT(first, MUTEX_RANK_TEST_FIRST);
static struct mutex second = MUTEX_INIT(second, MUTEX_RANK_TEST_SECOND);
static struct completion never = COMPLETION_INIT(never);

int take_twice(void *arg)
{
	(void)arg;
	mutex_lock(&first);
	mutex_lock(&first);
	return 0;
}

int take_backwards(void *arg)
{
	(void)arg;
	mutex_lock(&second);
	mutex_lock(&first);
	return 0;
}

/* Of one rank: in which order they are taken, nobody has said. */
int take_equals(void *arg)
{
	static struct mutex another = MUTEX_INIT(another, MUTEX_RANK_TEST_FIRST);

	(void)arg;
	mutex_lock(&first);
	mutex_lock(&another);
	return 0;
}

static int unlock_anothers(void *arg)
{
	(void)arg;
	mutex_unlock(&first);
	return 0;
}

int keep_first(void *arg)
{
	mutex_lock(&first);
	in_thread(cpu_id, "thief", unlock_anothers, arg);
	wait_for_completion(&never);
	return 0;
}

int end_with_it(void *arg)
{
	(void)arg;
	mutex_lock(&first);
	return 0;
}

static int first_then_second(void *arg)
{
	(void)arg;
	mutex_lock(&first);
	mutex_lock(&second);
	return 0;
}

/* Has the second, lets another take the first and wait for the second, and wants the first. */
int close_the_circle(void *arg)
{
	struct thread *other;

	mutex_lock(&second);
	other = in_thread(cpu_id, "one", first_then_second, arg);
	while (READ_ONCE(other->pi.blocked_on) != &second)
		sleep_ns(NS_PER_MS);
	mutex_lock(&first);
	return 0;
}

static void cancel_itself(struct timer *t)
{
	timer_cancel(t);
}

void provoke_timer_cancels_itself(void *arg)
{
	static struct timer t;

	(void)arg;
	timer_init(&t, cancel_itself);
	timer_start(&t, time_ns());
}

static int cancel_with_lock(void *arg)
{
	static struct spinlock lock = SPINLOCK_INIT("kept", LOCK_RANK_KSPACE);
	u64 flags = spin_lock_irqsave(&lock);

	timer_cancel(arg);
	spin_unlock_irqrestore(&lock, flags);
	return 0;
}

/* On CPU 0, a timer of this CPU. */
int let_cpu_0_cancel(void *arg)
{
	static struct timer t;

	(void)arg;
	timer_init(&t, cancel_itself);
	timer_start(&t, NO_DEADLINE);
	in_thread(0, "hasty", cancel_with_lock, &t);
	return 0;
}
