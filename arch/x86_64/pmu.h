/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/pmu.h - performance counters of the CPU itself: what it has executed, in how many
 * cycles of its own, with how many walks of page tables.
 *
 * Source: Intel SDM vol. 3B, "Architectural Performance Monitoring", and vol. 2A, CPUID leaf 0AH.
 * Registers that a CPU has not got fault, so none is touched that the leaf does not tell of.  What
 * to count is chosen from the leaf alone (pmu_choose.c), so that a host can test it: no emulator
 * here has counters.
 */
#pragma once

#include "lib/types.h"

#define PMU_COUNTERS_MAX 4u

/* What CPUID says of the CPU that runs. */
struct pmu_cpuid {
	const char *vendor; /* leaf 0 */
	u32 family, model;
	bool hypervisor; /* leaf 1 */
	bool hybrid;	 /* leaf 7: the package has CPUs of two kinds */
	u8 kind;	 /* leaf 1AH, of a hybrid: enum pmu_cpu_kind */
	bool has_leaf;	 /* 0AH */
	u32 eax, ebx, ecx, edx;
};

enum pmu_cpu_kind {
	PMU_KIND_ATOM = 0x20,
	PMU_KIND_CORE = 0x40,
};

struct pmu_counter {
	const char *name;
	bool fixed; /* counts one thing only, or what .event says, as PERFEVTSEL has it */
	u8 index;   /* among those of its kind */
	u16 event;
	u64 mask; /* of the bits that it has */
};

struct pmu_plan {
	const char *none; /* why nothing is counted; NULL: something is */
	u32 version;
	u32 n;
	struct pmu_counter counters[PMU_COUNTERS_MAX];
};

/* What @cpu can count of what we want to know.  Touches nothing. */
void pmu_choose(const struct pmu_cpuid *cpu, struct pmu_plan *plan);

/*
 * Choose for this CPU and let its counters run, in all modes, for good; .none if there are none, or
 * if they do not count, as a hypervisor's may not.  The caller stays on this CPU, whose counters
 * nobody else uses, as long as it reads them.
 */
void pmu_start(struct pmu_plan *plan);

/* What @plan's counters say now, to @values: what they count from one reading to the next is
 * the difference, by .mask. On the CPU on which they run. */
void pmu_read(const struct pmu_plan *plan, u64 values[PMU_COUNTERS_MAX]);
