/* SPDX-License-Identifier: MIT */
/*
 * tests/bench/cpus_bench.c - a thread moves to another CPU, and a CPU leaves and comes back.
 *
 * What several CPUs do one after the other: of migrate and cpu_down_up only the time means
 * something, on a real machine.  hotplug_down and hotplug_up are the two ways apart, and what this
 * CPU executes in each is counted without its waits (arch/x86_64/count_mark.h): the thread that
 * makes the walk runs here if this is the first CPU that stays, which the boot CPU is.
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
		start = bench_clock(COUNT_BEGIN);
		move_to(there);
		move_to(here);
		end = bench_clock(COUNT_END);
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

static void go_down(u32 cpu)
{
	ASSERT(cpu_down(cpu, 0) == 0, "benchmark: CPU %u does not go", cpu);
}

static void come_up(u32 cpu)
{
	ASSERT(cpu_up(cpu) == 0, "benchmark: CPU %u stays away", cpu);
}

static void go_down_and_come_up(u32 cpu)
{
	go_down(cpu);
	come_up(cpu);
}

static void do_nothing(u32 cpu)
{
	(void)cpu;
}

/*
 * What @measured does with the highest CPU, between what the other two do; this thread stays where
 * it is.  In line: a place of the clock is one benchmark's.
 */
static ALWAYS_INLINE void of_highest(struct bench *b, void (*before)(u32), void (*measured)(u32),
				     void (*behind)(u32))
{
	struct cpumask affinity = current->affinity;
	u32 here = cpu_id, last = highest_other_than(here);
	u64 start, end;

	move_to(here);
	while (last != here && bench_more(b)) {
		before(last);
		start = bench_clock(COUNT_BEGIN);
		measured(last);
		end = bench_clock(COUNT_END);
		behind(last);
		bench_add(b, end - start);
	}
	set_affinity(&affinity);
}

BENCH(cpu_down_up)
{
	of_highest(b, do_nothing, go_down_and_come_up, do_nothing);
}

BENCH(hotplug_down)
{
	of_highest(b, do_nothing, go_down, come_up);
}

BENCH(hotplug_up)
{
	of_highest(b, go_down, come_up, do_nothing);
}
