/* SPDX-License-Identifier: MIT */
/*
 * tests/bench/real.c - see real.h.
 */
#include "kernel/results.h"
#include "lib/string.h"
#include "tests/bench/real.h"

bool real_on;

static struct pmu_plan plan;
static u64 begun[PMU_COUNTERS_MAX];

static struct sums {
	u32 samples;
	u64 counted[PMU_COUNTERS_MAX];
} sums, empty;

void real_start(void)
{
	pmu_start(&plan);
	real_on = plan.none == NULL;
	if (!real_on) {
		results_print("pmu: {\"none\":\"%s\"}\n", plan.none);
		return;
	}
	results_print("pmu: {\"version\":%u,\"counters\":[", plan.version);
	for (u32 i = 0; i < plan.n; i++)
		results_print("%s\"%s\"", i == 0 ? "" : ",", plan.counters[i].name);
	results_print("]}\n");
}

void real_forget(void)
{
	memset(&sums, 0, sizeof(sums));
}

void real_were_empty(void)
{
	empty = sums;
}

void real_begin(void)
{
	pmu_read(&plan, begun);
}

void real_end(void)
{
	u64 now[PMU_COUNTERS_MAX];

	pmu_read(&plan, now);
	sums.samples++;
	for (u32 i = 0; i < plan.n; i++)
		sums.counted[i] += (now[i] - begun[i]) & plan.counters[i].mask;
}

bool real_print(const char *name)
{
	if (sums.samples == 0)
		return false;
	results_print("pmu: {\"name\":\"%s\",\"ops\":%u", name, sums.samples);
	for (u32 i = 0; i < plan.n; i++) {
		u64 off = empty.samples != 0 ? empty.counted[i] * sums.samples / empty.samples : 0;

		results_print(",\"%s\":%lu", plan.counters[i].name,
			      sums.counted[i] - MIN(off, sums.counted[i]));
	}
	return true;
}
