/* SPDX-License-Identifier: MIT */
/*
 * tests/bench/percpu_bench.c - what a CPU's own variables cost: eight accesses a sample.
 */
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/smp.h"
#include "tests/bench/bench.h"

static DEFINE_PER_CPU(u64, counter);

#define REPEAT_8(...)                                                                              \
	__VA_ARGS__;                                                                               \
	__VA_ARGS__;                                                                               \
	__VA_ARGS__;                                                                               \
	__VA_ARGS__;                                                                               \
	__VA_ARGS__;                                                                               \
	__VA_ARGS__;                                                                               \
	__VA_ARGS__;                                                                               \
	__VA_ARGS__

/* As code that may be preempted or interrupted counts. */
BENCH(percpu_add)
{
	while (bench_more(b))
		bench_sample(b, REPEAT_8(this_cpu_inc(counter)));
}

/* As code counts that is alone with it. */
BENCH(percpu_increment)
{
	while (bench_more(b))
		bench_sample(b, REPEAT_8(counter++; barrier()));
}

/* Another CPU's, or one's own, through the map that all share. */
BENCH(percpu_other)
{
	u32 cpu = cpu_id;

	while (bench_more(b))
		bench_sample(b, REPEAT_8((*per_cpu_ptr(&counter, cpu))++; barrier()));
}
