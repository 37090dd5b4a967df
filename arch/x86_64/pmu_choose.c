/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/pmu_choose.c - what to count, from CPUID alone: see pmu.h.
 */
#include "arch/x86_64/pmu.h"
#include "lib/string.h"

#define VERSION_FIXED	   2u /* from here on fixed counters, and the register that starts all */
#define VERSION_FIXED_MASK 5u /* from here on ECX has a bit for each fixed counter */
#define GENERAL_MAX	   8u /* of which the manual has registers in a row */
#define FIXED_MAX	   16u

/* Leaf 0AH. */
#define VERSION(eax)	   ((eax)&0xff)
#define GENERAL(eax)	   ((eax) >> 8 & 0xff)
#define GENERAL_WIDTH(eax) ((eax) >> 16 & 0xff)
#define EVENTS(eax)	   ((eax) >> 24) /* bits of EBX that mean something */
#define FIXED(edx)	   ((edx)&0x1f)
#define FIXED_WIDTH(edx)   ((edx) >> 5 & 0xff)

#define ANY_KIND 0

/* Event in the low byte, unit mask in the high one. */
#define EVENT(event, umask) ((umask) << 8 | (event))

/* What each CPU with counters has, unless a bit of EBX says that it has not. */
static const struct architectural {
	const char *name;
	u8 fixed, missing; /* the fixed counter of it; the bit of EBX */
	u16 event;
} architectural[] = {
	{ "instructions", 0, 1, EVENT(0xc0, 0x00) },
	{ "cycles", 1, 0, EVENT(0x3c, 0x00) },
};

/*
 * DTLB_LOAD_MISSES.WALK_COMPLETED: page walks, of all page sizes, that loads needed.  Source:
 * Intel's event lists, as Linux has them (tools/perf/pmu-events/arch/x86: haswell, skylake,
 * icelake, alderlake).  CPUs whose count an erratum makes doubtful (Broadwell, BDM69) are not here.
 */
static const struct walks {
	u8 model; /* of family 6 */
	u8 kind;
	u16 event;
} load_walks[] = {
	/* Haswell */
	{ 0x3c, ANY_KIND, EVENT(0x08, 0x0e) },
	{ 0x45, ANY_KIND, EVENT(0x08, 0x0e) },
	{ 0x46, ANY_KIND, EVENT(0x08, 0x0e) },
	/* Skylake, and what was made of it */
	{ 0x4e, ANY_KIND, EVENT(0x08, 0x0e) },
	{ 0x5e, ANY_KIND, EVENT(0x08, 0x0e) },
	{ 0x8e, ANY_KIND, EVENT(0x08, 0x0e) },
	{ 0x9e, ANY_KIND, EVENT(0x08, 0x0e) },
	/* Ice Lake */
	{ 0x7d, ANY_KIND, EVENT(0x08, 0x0e) },
	{ 0x7e, ANY_KIND, EVENT(0x08, 0x0e) },
	/* Alder Lake, Raptor Lake: both kinds of CPU have one model number */
	{ 0x97, PMU_KIND_CORE, EVENT(0x12, 0x0e) },
	{ 0x9a, PMU_KIND_CORE, EVENT(0x12, 0x0e) },
	{ 0xb7, PMU_KIND_CORE, EVENT(0x12, 0x0e) },
	{ 0xba, PMU_KIND_CORE, EVENT(0x12, 0x0e) },
	{ 0xbf, PMU_KIND_CORE, EVENT(0x12, 0x0e) },
	{ 0x97, PMU_KIND_ATOM, EVENT(0x08, 0x0e) },
	{ 0x9a, PMU_KIND_ATOM, EVENT(0x08, 0x0e) },
	{ 0xb7, PMU_KIND_ATOM, EVENT(0x08, 0x0e) },
	{ 0xba, PMU_KIND_ATOM, EVENT(0x08, 0x0e) },
	{ 0xbf, PMU_KIND_ATOM, EVENT(0x08, 0x0e) },
};

static u64 mask_of(u32 width)
{
	return width >= 64 ? ~0ul : BIT(width) - 1;
}

static bool has_fixed(const struct pmu_cpuid *cpu, u32 index)
{
	u32 version = VERSION(cpu->eax);

	if (version < VERSION_FIXED || index >= FIXED_MAX)
		return false;
	return FIXED(cpu->edx) > index ||
	       (version >= VERSION_FIXED_MASK && (cpu->ecx >> index & 1));
}

static bool has_event(const struct pmu_cpuid *cpu, u32 bit)
{
	return EVENTS(cpu->eax) > bit && !(cpu->ebx >> bit & 1);
}

/* The next counter, if @plan has room for it. */
static void add(struct pmu_plan *plan, struct pmu_counter counter)
{
	if (plan->n < PMU_COUNTERS_MAX)
		plan->counters[plan->n++] = counter;
}

/* Count @event by the next counter that can count anything, if there is one. */
static void add_general(const struct pmu_cpuid *cpu, struct pmu_plan *plan, const char *name,
			u16 event)
{
	u8 used = 0;

	for (u32 i = 0; i < plan->n; i++)
		used += !plan->counters[i].fixed;
	if (used < MIN(GENERAL(cpu->eax), GENERAL_MAX))
		add(plan, (struct pmu_counter){ .name = name,
						.index = used,
						.event = event,
						.mask = mask_of(GENERAL_WIDTH(cpu->eax)) });
}

static void add_architectural(const struct pmu_cpuid *cpu, struct pmu_plan *plan,
			      const struct architectural *what)
{
	if (has_fixed(cpu, what->fixed))
		add(plan, (struct pmu_counter){ .name = what->name,
						.fixed = true,
						.index = what->fixed,
						.mask = mask_of(FIXED_WIDTH(cpu->edx)) });
	else if (has_event(cpu, what->missing))
		add_general(cpu, plan, what->name, what->event);
}

/* A hypervisor counts what the architecture names; of more its model number says nothing. */
static void add_walks(const struct pmu_cpuid *cpu, struct pmu_plan *plan)
{
	u8 kind = cpu->hybrid ? cpu->kind : ANY_KIND;

	if (cpu->hypervisor || cpu->family != 6 || strcmp(cpu->vendor, "GenuineIntel") != 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(load_walks); i++)
		if (load_walks[i].model == cpu->model && load_walks[i].kind == kind)
			add_general(cpu, plan, "load_walks", load_walks[i].event);
}

void pmu_choose(const struct pmu_cpuid *cpu, struct pmu_plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	if (!cpu->has_leaf) {
		plan->none = "CPUID has no leaf 0AH";
		return;
	}
	plan->version = VERSION(cpu->eax);
	if (plan->version == 0) {
		plan->none = cpu->hypervisor ? "a hypervisor, with version 0 in CPUID leaf 0AH"
					     : "version 0 in CPUID leaf 0AH";
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(architectural); i++)
		add_architectural(cpu, plan, &architectural[i]);
	add_walks(cpu, plan);
	if (plan->n == 0)
		plan->none = "CPUID leaf 0AH tells of no counter";
}
