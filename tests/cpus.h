/* SPDX-License-Identifier: MIT */
/*
 * tests/cpus.h - one CPU, another one, and part of a test on each.
 */
#pragma once

#include "arch/x86_64/ipi.h"
#include "arch/x86_64/percpu.h"
#include "kernel/options.h"

/* A mask of one CPU. */
static inline struct cpumask only(u32 cpu)
{
	struct cpumask mask = { 0 };

	cpumask_set(&mask, cpu);
	return mask;
}

/* An online CPU other than @cpu, if there is one. */
static inline u32 other_than(u32 cpu)
{
	u32 next = cpumask_next(&cpus_online, cpu);

	return next < MAX_CPUS ? next : cpumask_first(&cpus_online);
}

/* On each online CPU, this one included, at the same time; interrupts are off there. */
static inline void on_each_cpu(ipi_fn fn, void *arg)
{
	run_on_cpus(&cpus_online, fn, arg);
}

/* The next crowd= online CPUs from CPU *@from on, which goes on behind them; then none. */
static inline struct cpumask next_crowd(u32 *from)
{
	struct cpumask crowd = { 0 };

	for (u32 n = 0; n < options.crowd; n++) {
		u32 cpu = cpumask_first_from(&cpus_online, *from);

		if (cpu >= MAX_CPUS)
			break;
		cpumask_set(&crowd, cpu);
		*from = cpu + 1;
	}
	return crowd;
}

/*
 * On each online CPU, crowd= of them at a time: for what makes CPUs spin for each other.
 * An emulator with fewer host CPUs than that spends its time on those that wait.
 */
static inline void on_each_cpu_in_crowds(ipi_fn fn, void *arg)
{
	u32 from = 0;

	for (struct cpumask crowd = next_crowd(&from); cpumask_weight(&crowd) != 0;
	     crowd = next_crowd(&from))
		run_on_cpus(&crowd, fn, arg);
}

/* One CPU's share of @total rounds, so that a test takes as long with many CPUs as with few. */
static inline u32 share_of(u32 total)
{
	return total / cpumask_weight(&cpus_online) + 1;
}
