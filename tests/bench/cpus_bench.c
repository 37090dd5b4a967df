/* SPDX-License-Identifier: MIT */
/*
 * tests/bench/cpus_bench.c - a thread moves to another CPU, and a CPU leaves and comes back.
 *
 * What several CPUs do one after the other: only its time means something, on a real machine.
 */
#include "kernel/hotplug.h"
#include "kernel/thread.h"
#include "lib/assert.h"
#include "tests/bench/bench.h"
#include "tests/cpus.h"

static void set_affinity(const struct cpumask *mask)
{
	ASSERT(thread_set_affinity(current, mask) == 0, "benchmark: no such CPU is up");
}

static void move_to(u32 cpu)
{
	struct cpumask mask = only(cpu);

	set_affinity(&mask);
}

/* There and back. */
BENCH(migrate)
{
	struct cpumask before = current->affinity;
	u32 here = cpu_id, there = other_than(here);
	u64 start, end;

	while (there != here && bench_more(b)) {
		start = bench_clock(BENCH_BEGIN);
		move_to(there);
		move_to(here);
		end = bench_clock(BENCH_END);
		bench_add(b, end - start);
	}
	set_affinity(&before);
}

/* The online CPU with the highest number that is not @cpu; @cpu, if there is none. */
static u32 highest_other_than(u32 cpu)
{
	u32 last = cpu;

	for (u32 n = cpumask_first(&cpus_online); n < MAX_CPUS; n = cpumask_next(&cpus_online, n))
		last = n != cpu ? n : last;
	return last;
}

/* The highest CPU; this thread stays where it is. */
BENCH(cpu_down_up)
{
	struct cpumask before = current->affinity;
	u32 here = cpu_id, last = highest_other_than(here);
	u64 start, end;

	move_to(here);
	while (last != here && bench_more(b)) {
		start = bench_clock(BENCH_BEGIN);
		ASSERT(cpu_down(last, 0) == 0 && cpu_up(last) == 0, "CPU %u stays away", last);
		end = bench_clock(BENCH_END);
		bench_add(b, end - start);
	}
	set_affinity(&before);
}
