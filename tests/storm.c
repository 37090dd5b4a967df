/* SPDX-License-Identifier: MIT */
/*
 * tests/storm.c - see storm.h.
 */
#include "lib/string.h"
#include "tests/cpus.h"
#include "tests/storm.h"

void storm_clock_start(struct storm_clock *c, u64 ns, u64 steps)
{
	memset(c, 0, sizeof(*c));
	c->ns = ns;
	c->bound = steps;
}

void storm_start(struct storm_clock *c, u64 steps)
{
	if (options.stress != 0)
		storm_clock_start(c, options.stress * NS_PER_SEC, STORM_UNBOUNDED);
	else
		storm_clock_start(c, STORM_NS, steps);
}

void storm_start_in_crowds(struct storm_clock *c, u64 steps)
{
	storm_start(c, steps);
	c->ns /= DIV_ROUND_UP(cpumask_weight(&cpus_online), options.crowd);
}

bool storm_step_due(struct storm_clock *c)
{
	u64 *end, *steps, now = time_ns();
	bool due;

	preempt_disable(); /* other threads of this CPU count there too */
	end = &c->end[cpu_id];
	steps = &c->steps[cpu_id];
	if (*end == 0)
		*end = now + c->ns;
	due = *steps == 0 || (*steps < c->bound && now < *end);
	*steps += due;
	preempt_enable();
	return due;
}

void storm_rounds(struct test *t, u64 rounds, storm_round *round, void *arg)
{
	static struct storm_clock clock; /* of the one test that runs: large for its stack */
	struct rand r = test_rand(t);
	u32 n = 0;

	storm_start(&clock, rounds);
	while (storm_step_due(&clock)) {
		if (!round(t, &r, arg))
			return;
		n++;
	}
	test_note("%u rounds", n);
}

u64 storm_steps(struct test *t, const struct storm_clock *c, const struct cpumask *cpus)
{
	u64 all = 0, least = ~0ul, most = 0;
	u32 cpu;

	for_each_cpu (cpu, cpus) {
		EXPECT(t, c->steps[cpu] != 0, "CPU %u did nothing", cpu);
		all += c->steps[cpu];
		least = MIN(least, c->steps[cpu]);
		most = MAX(most, c->steps[cpu]);
	}
	test_note("%lu steps, %lu to %lu on each of %u CPUs", all, least, most,
		  cpumask_weight(cpus));
	return all;
}
