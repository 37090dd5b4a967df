/* SPDX-License-Identifier: MIT */
/*
 * tests/sched_call.c - run_on_cpus() from threads on every CPU at once: each CPU waits
 * for others that wait for it.
 */
#include "kernel/sched.h"
#include "tests/cpus.h"
#include "tests/harness.h"
#include "tests/storm.h"

#define CALLS 2000 /* of all CPUs together, at most */

struct caller {
	struct test *t;
	u32 cpu;
	/* Two kinds in turns: a call that runs with the argument of the one before is seen. */
	u64 asked[2];  /* calls sent to CPUs */
	u64 served[2]; /* atomic: calls that ran, anywhere */
};

static struct storm_clock rounds;

static void serve(void *arg)
{
	u64 *served = arg;

	__atomic_fetch_add(served, 1, __ATOMIC_RELAXED);
}

static void check_served(struct caller *c)
{
	for (u32 kind = 0; kind < 2; kind++)
		EXPECT_EQ(c->t, __atomic_load_n(&c->served[kind], __ATOMIC_RELAXED),
			  c->asked[kind]);
}

/* Everybody calls everybody: A calls B while B calls A. */
static int call_all(void *arg)
{
	struct caller *c = arg;

	for (u32 kind = 0; storm_step_due(&rounds); kind ^= 1) {
		on_each_cpu(serve, &c->served[kind]);
		c->asked[kind] += cpumask_weight(&cpus_online);
		check_served(c);
	}
	return 0;
}

/* The other one of a pair: CPU n and n ^ 1 call each other alone. */
static int call_neighbour(void *arg)
{
	struct caller *c = arg;

	for (u32 kind = 0; storm_step_due(&rounds); kind ^= 1) {
		if (run_on_cpu(c->cpu ^ 1, serve, &c->served[kind]))
			return 0;
		c->asked[kind]++;
		check_served(c);
	}
	return 0;
}

/* @fn in a thread on each of @n CPUs, all at once. */
static void call_from_each(struct test *t, thread_fn fn, u32 calls, const struct cpumask *mask)
{
	static struct caller callers[MAX_CPUS];
	static struct thread *threads[MAX_CPUS];
	u32 cpu;

	storm_start(&rounds, calls);
	for_each_cpu (cpu, mask) {
		callers[cpu] = (struct caller){ .t = t, .cpu = cpu };
		threads[cpu] = thread_create_on(cpu, "caller", fn, &callers[cpu]);
		EXPECT(t, threads[cpu] != NULL, "no memory");
	}
	for_each_cpu (cpu, mask)
		if (threads[cpu] != NULL)
			thread_start(threads[cpu]);
	for_each_cpu (cpu, mask)
		if (threads[cpu] != NULL)
			thread_join(threads[cpu]);
	storm_steps(t, &rounds, mask);
}

TEST("sched.call", neighbours_call_each_other, .cpus = 2)
{
	call_from_each(t, call_neighbour, share_of(CALLS), &cpus_online);
}

/* Each call reaches all CPUs, so that the work grows with their square. */
TEST("sched.call", everybody_calls_everybody, .cpus = 2)
{
	u32 n = cpumask_weight(&cpus_online);

	call_from_each(t, call_all, share_of(CALLS) / n + 1, &cpus_online);
}
