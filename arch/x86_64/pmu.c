/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/pmu.c - the registers of performance counters: see pmu.h.
 */
#include "arch/x86_64/cpuid.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/pmu.h"
#include "arch/x86_64/regs.h"

#define LEAF_PMU	 0x0au
#define LEAF_KIND	 0x1au
#define FEATURES_HYBRID	 BIT(15) /* leaf 7, EDX */
#define KIND_SHIFT	 24	 /* leaf 1AH, EAX */
#define VERSION_CONTROLS 2u	 /* from here on MSR_PERF_GLOBAL_CTRL and MSR_FIXED_CTR_CTRL */

#define SELECT_USER   BIT(16)
#define SELECT_KERNEL BIT(17)
#define SELECT_ENABLE BIT(22)

#define FIXED_BITS	4 /* of each counter in MSR_FIXED_CTR_CTRL */
#define FIXED_ALL_MODES 3ul
#define GLOBAL_FIXED	32 /* the first fixed counter's bit in MSR_PERF_GLOBAL_CTRL */
#define RDPMC_FIXED	BIT(30)
#define LOOK_AT_LEAST	100u /* instructions */

enum { EAX, EBX, ECX, EDX };

static void read_cpuid(struct pmu_cpuid *cpu)
{
	u32 r[4], last;

	*cpu = (struct pmu_cpuid){
		.vendor = cpu_features.vendor,
		.family = cpu_features.family,
		.model = cpu_features.model_number,
		.hypervisor = cpu_features.hypervisor,
	};
	cpuid(0, 0, r);
	last = r[EAX];
	if (last < LEAF_PMU)
		return;
	cpu->has_leaf = true;
	cpuid(LEAF_PMU, 0, r);
	cpu->eax = r[EAX];
	cpu->ebx = r[EBX];
	cpu->ecx = r[ECX];
	cpu->edx = r[EDX];
	if (last < LEAF_KIND)
		return;
	cpuid(CPUID_FEATURES, 0, r);
	cpu->hybrid = r[EDX] & FEATURES_HYBRID;
	cpuid(LEAF_KIND, 0, r);
	cpu->kind = (u8)(r[EAX] >> KIND_SHIFT);
}

/* The counters that are not ours are left as they are. */
static void run(const struct pmu_plan *plan)
{
	u64 fixed = 0, fixed_bits = 0, global = 0;

	for (u32 i = 0; i < plan->n; i++) {
		const struct pmu_counter *c = &plan->counters[i];

		if (c->fixed) {
			fixed |= FIXED_ALL_MODES << c->index * FIXED_BITS;
			fixed_bits |= (BIT(FIXED_BITS) - 1) << c->index * FIXED_BITS;
			global |= BIT(GLOBAL_FIXED + c->index);
		} else {
			wrmsr(MSR_PERFEVTSEL0 + c->index,
			      c->event | SELECT_USER | SELECT_KERNEL | SELECT_ENABLE);
			global |= BIT(c->index);
		}
	}
	if (plan->version < VERSION_CONTROLS)
		return;
	if (fixed != 0)
		wrmsr(MSR_FIXED_CTR_CTRL, (rdmsr(MSR_FIXED_CTR_CTRL) & ~fixed_bits) | fixed);
	wrmsr(MSR_PERF_GLOBAL_CTRL, rdmsr(MSR_PERF_GLOBAL_CTRL) | global);
}

static u64 first(const struct pmu_plan *plan)
{
	const struct pmu_counter *c = &plan->counters[0];

	return rdmsr((c->fixed ? MSR_FIXED_CTR0 : MSR_PMC0) + c->index);
}

/*
 * Does the first one, of instructions or cycles, come on in a moment?  By its register: Bochs tells
 * of counters, keeps no register of them, and faults on RDPMC.
 */
static bool counts(const struct pmu_plan *plan)
{
	volatile u32 executed = 0;
	u64 before = first(plan);

	while (executed < LOOK_AT_LEAST)
		executed++;
	return ((first(plan) - before) & plan->counters[0].mask) >= LOOK_AT_LEAST;
}

void pmu_start(struct pmu_plan *plan)
{
	struct pmu_cpuid cpu;

	read_cpuid(&cpu);
	pmu_choose(&cpu, plan);
	if (plan->none != NULL)
		return;
	run(plan);
	if (!counts(plan))
		plan->none = "CPUID leaf 0AH tells of counters, but they do not count";
}

void pmu_read(const struct pmu_plan *plan, u64 values[PMU_COUNTERS_MAX])
{
	for (u32 i = 0; i < plan->n; i++) {
		const struct pmu_counter *c = &plan->counters[i];

		values[i] = rdpmc(c->fixed ? RDPMC_FIXED | c->index : c->index);
	}
}
