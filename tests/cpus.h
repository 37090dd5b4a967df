/* SPDX-License-Identifier: MIT */
/*
 * tests/cpus.h - run part of a test on each CPU.
 */
#pragma once

#include "arch/x86_64/ipi.h"
#include "arch/x86_64/percpu.h"
#include "kernel/options.h"

/* On each online CPU, this one included, at the same time; interrupts are off there. */
static inline void on_each_cpu(ipi_fn fn, void *arg)
{
	run_on_cpus(&cpus_online, fn, arg);
}

/*
 * On each online CPU, crowd= of them at a time: for what makes CPUs spin for each other.
 * An emulator with fewer host CPUs than that spends its time on those that wait.
 */
static inline void on_each_cpu_in_crowds(ipi_fn fn, void *arg)
{
	struct cpumask crowd = { 0 };
	u32 cpu, n = 0;

	for_each_cpu (cpu, &cpus_online) {
		cpumask_set(&crowd, cpu);
		if (++n < options.crowd && cpumask_next(&cpus_online, cpu) < MAX_CPUS)
			continue;
		run_on_cpus(&crowd, fn, arg);
		cpumask_clear_all(&crowd);
		n = 0;
	}
}

/* One CPU's share of @total rounds, so that a test takes as long with many CPUs as with few. */
static inline u32 share_of(u32 total)
{
	return total / cpumask_weight(&cpus_online) + 1;
}
