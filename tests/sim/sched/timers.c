/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/sched/timers.c - timers in simulated time, which goes on with the steps and is
 * skipped when all wait.
 */
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/time.h"
#include "kernel/timer.h"
#include "kernel/wait.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "tests/sim/driver.h"
#include "tests/sim/sched/fake_kernel.h"
#include "tests/sim/vcpu.h"

#define TIMERS_MAX  64u
#define NS_PER_STEP 20000u /* a tick is some hundred steps */

static struct timer *timers[TIMERS_MAX];
static struct timer *expiring[SIM_CPUS_MAX]; /* whose function runs on CPU n, ... */
static u32 is_expiring[SIM_CPUS_MAX];	     /* and that one does */
static u64 skipped_ns, first_step;

u64 time_ns(void)
{
	return skipped_ns + (sim_steps - first_step) * NS_PER_STEP;
}

void timer_init_cpu(u32 cpu)
{
	(void)cpu;
}

void timer_init(struct timer *t, timer_fn fn)
{
	*t = (struct timer){ .fn = fn };
}

void timer_init_pinned(struct timer *t, timer_fn fn)
{
	*t = (struct timer){ .fn = fn, .pinned = true };
}

static u32 place_of(const struct timer *t)
{
	u32 i = 0;

	while (i < TIMERS_MAX && timers[i] != t)
		i++;
	return i;
}

void timer_start(struct timer *t, u64 deadline)
{
	u32 i = place_of(NULL);

	ASSERT(i < TIMERS_MAX, "too many timers");
	t->deadline = deadline;
	t->cpu = running;
	timers[i] = t;
}

/* When it returns, the function of @t runs nowhere. */
bool timer_cancel(struct timer *t)
{
	u32 i;

	point();
	i = place_of(t);
	if (i < TIMERS_MAX) {
		timers[i] = NULL;
		return true;
	}
	preempt_disable();
	for (u32 cpu = 0; cpu < sim_options.cpus; cpu++)
		if (expiring[cpu] == t && is_expiring[cpu])
			wait_for(&is_expiring[cpu]);
	preempt_enable();
	return false;
}

void fake_run_timers(u32 cpu)
{
	for (u32 i = 0; i < TIMERS_MAX; i++) {
		struct timer *t = timers[i];

		if (t == NULL || t->cpu != cpu || t->deadline > time_ns())
			continue;
		timers[i] = NULL;
		expiring[cpu] = t;
		is_expiring[cpu] = 1;
		t->fn(t);
		is_expiring[cpu] = 0;
	}
}

void fake_raise_timers(void)
{
	for (u32 i = 0; i < TIMERS_MAX; i++)
		if (timers[i] != NULL && timers[i]->deadline <= time_ns())
			vcpus[timers[i]->cpu].callers |= PENDING_TIMER;
}

bool fake_skip_time(void)
{
	u64 next = NO_DEADLINE;

	for (u32 i = 0; i < TIMERS_MAX; i++)
		if (timers[i] != NULL && timers[i]->deadline > time_ns())
			next = MIN(next, timers[i]->deadline);
	if (next == NO_DEADLINE)
		return false;
	skipped_ns += next - time_ns();
	fake_raise_timers();
	return true;
}

void fake_timers_reset(void)
{
	memset(timers, 0, sizeof(timers));
	memset(is_expiring, 0, sizeof(is_expiring));
	skipped_ns = 0;
	first_step = sim_steps;
}
