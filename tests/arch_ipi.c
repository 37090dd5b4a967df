/* SPDX-License-Identifier: MIT */
/*
 * tests/arch_ipi.c - run_on_cpus(): everybody that was asked, nobody else, once each, and
 * finished when it returns.
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/time.h"
#include "lib/err.h"
#include "tests/cpus.h"
#include "tests/harness.h"
#include "tests/storm.h"

#define ROUNDS	300		 /* at most */
#define LATE_NS (10 * NS_PER_MS) /* longer than the way back from a call takes */

static u64 ran[MAX_CPUS];
static struct storm_clock rounds;

static void note(void *arg)
{
	__atomic_fetch_add(&ran[cpu_id], (u64)arg, __ATOMIC_RELAXED);
}

static void clear(void)
{
	for (u32 cpu = 0; cpu < MAX_CPUS; cpu++)
		ran[cpu] = 0;
}

TEST("arch.ipi", all_and_only_the_mask)
{
	struct rand r = test_rand(t);

	storm_clock_start(&rounds, STORM_NS, ROUNDS);
	while (storm_step_due(&rounds)) {
		struct cpumask mask;
		u32 cpu;

		clear();
		for (u32 w = 0; w < CPUMASK_WORDS; w++)
			mask.bits[w] = rand_next(&r);
		run_on_cpus(&mask, note, (void *)1ul);
		for (cpu = 0; cpu < MAX_CPUS; cpu++)
			EXPECT_EQ(t, ran[cpu],
				  cpumask_test(&mask, cpu) && cpumask_test(&cpus_online, cpu));
		if (test_failed(t))
			return;
	}
}

TEST("arch.ipi", absent_cpu_is_an_error)
{
	u32 last = MAX_CPUS - 1;

	if (cpumask_test(&cpus_online, last)) {
		test_skip(t, "all CPUs there can be are there");
		return;
	}
	EXPECT_EQ(t, run_on_cpu(last, note, NULL), -ENODEV);
	EXPECT_EQ(t, run_on_cpu(MAX_CPUS, note, NULL), -ENODEV);
}

static void note_late(void *arg)
{
	u64 until = time_ns() + LATE_NS;

	while (time_ns() < until)
		cpu_pause();
	note(arg);
}

/* One that takes long is waited for. */
TEST("arch.ipi", over_when_it_returns, .cpus = 2)
{
	u32 cpu = other_than(cpu_id);

	clear();
	EXPECT_EQ(t, run_on_cpu(cpu, note_late, (void *)1ul), 0);
	EXPECT_EQ(t, __atomic_load_n(&ran[cpu], __ATOMIC_RELAXED), 1);
}

struct message {
	u64 values[64];
};

static void check_message(void *arg)
{
	const struct message *m = arg;

	for (u32 i = 1; i < ARRAY_SIZE(m->values); i++)
		if (m->values[i] != m->values[0])
			__atomic_fetch_add(&ran[cpu_id], 1, __ATOMIC_RELAXED);
}

/* What the caller wrote before the call is there for every target. */
TEST("arch.ipi", argument_is_visible, .cpus = 2)
{
	static struct message m;
	u32 cpu;

	clear();
	storm_clock_start(&rounds, STORM_NS, ROUNDS);
	while (storm_step_due(&rounds)) {
		for (u32 i = 0; i < ARRAY_SIZE(m.values); i++)
			m.values[i] = rounds.steps[cpu_id];
		on_each_cpu(check_message, &m);
	}
	for_each_cpu (cpu, &cpus_online)
		EXPECT_EQ(t, ran[cpu], 0);
}
