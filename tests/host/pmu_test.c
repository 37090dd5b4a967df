/* SPDX-License-Identifier: MIT */
/*
 * tests/host/pmu_test.c - what is counted on which CPU, from what its CPUID says.  Leaves 0AH as
 * dumps of real CPUs have them: Haswell, Skylake, Raptor Lake and a guest of its hypervisor.
 */
#include "arch/x86_64/pmu.h"
#include "lib/string.h"
#include "tests/host/cmocka_host.h"

#define INTEL "GenuineIntel"
#define AMD   "AuthenticAMD"

#define BITS_48 ((1ul << 48) - 1)
#define WALKS	0x0e08
#define WALKS_P 0x0e12

/* A CPU of family 6 with this leaf. */
#define CPU(model_, eax_, ebx_, ecx_, edx_)                                                        \
	((struct pmu_cpuid){ .vendor = INTEL,                                                      \
			     .family = 6,                                                          \
			     .model = (model_),                                                    \
			     .has_leaf = true,                                                     \
			     .eax = (eax_),                                                        \
			     .ebx = (ebx_),                                                        \
			     .ecx = (ecx_),                                                        \
			     .edx = (edx_) })

static const struct pmu_counter INSTRUCTIONS = { "instructions", true, 0, 0, BITS_48 };
static const struct pmu_counter CYCLES = { "cycles", true, 1, 0, BITS_48 };

static struct pmu_plan chosen(struct pmu_cpuid cpu)
{
	struct pmu_plan plan;

	memset(&plan, 0xa5, sizeof(plan));
	pmu_choose(&cpu, &plan);
	return plan;
}

static void check_counter(const struct pmu_plan *plan, u32 i, struct pmu_counter want)
{
	const struct pmu_counter *c = &plan->counters[i];

	assert_true(i < plan->n);
	assert_string_equal(c->name, want.name);
	assert_int_equal(c->fixed, want.fixed);
	assert_int_equal(c->index, want.index);
	assert_int_equal(c->event, want.event);
	assert_int_equal(c->mask, want.mask);
}

/* Instructions and cycles by fixed counters, and by the first other one walks, by @event. */
static void check_all_three(struct pmu_cpuid cpu, u32 version, u16 event)
{
	struct pmu_plan plan = chosen(cpu);

	assert_null(plan.none);
	assert_int_equal(plan.version, version);
	assert_int_equal(plan.n, 3);
	check_counter(&plan, 0, INSTRUCTIONS);
	check_counter(&plan, 1, CYCLES);
	check_counter(&plan, 2, (struct pmu_counter){ "load_walks", false, 0, event, BITS_48 });
}

static void check_two(struct pmu_cpuid cpu)
{
	struct pmu_plan plan = chosen(cpu);

	assert_null(plan.none);
	assert_int_equal(plan.n, 2);
	check_counter(&plan, 0, INSTRUCTIONS);
	check_counter(&plan, 1, CYCLES);
}

static void check_none(struct pmu_cpuid cpu, const char *why)
{
	struct pmu_plan plan = chosen(cpu);

	assert_int_equal(plan.n, 0);
	assert_non_null(plan.none);
	assert_string_equal(plan.none, why);
}

static void test_haswell_and_skylake(void **state)
{
	(void)state;
	check_all_three(CPU(0x3c, 0x07300403, 0, 0, 0x603), 3, WALKS);
	check_all_three(CPU(0x5e, 0x07300404, 0, 0, 0x603), 4, WALKS);
	check_all_three(CPU(0x9e, 0x07300404, 0, 0, 0x603), 4, WALKS);
}

/* Both kinds have one model number; a CPU of a kind that nobody knows has the two. */
static void test_hybrid(void **state)
{
	struct pmu_cpuid cpu = CPU(0xb7, 0x07300605, 0, 7, 0x8603);

	(void)state;
	cpu.hybrid = true;
	cpu.kind = PMU_KIND_CORE;
	check_all_three(cpu, 5, WALKS_P);
	cpu.kind = PMU_KIND_ATOM;
	check_all_three(cpu, 5, WALKS);
	cpu.kind = 0x10;
	check_two(cpu);
	cpu.hybrid = false;
	check_two(cpu);
}

/* What a model's event is called by another is not known. */
static void test_models_without_an_event(void **state)
{
	struct pmu_cpuid cpu = CPU(0x3d, 0x07300403, 0, 0, 0x603); /* Broadwell: an erratum */

	(void)state;
	check_two(cpu);
	cpu = CPU(0x3c, 0x07300403, 0, 0, 0x603);
	cpu.family = 0xf;
	check_two(cpu);
	cpu.family = 6;
	cpu.vendor = "CentaurHauls";
	check_two(cpu);
}

static void test_hypervisors(void **state)
{
	struct pmu_cpuid cpu = CPU(0x9e, 0, 0, 0, 0);

	(void)state;
	cpu.hypervisor = true;
	check_none(cpu, "a hypervisor, with version 0 in CPUID leaf 0AH");
	cpu = CPU(0x9e, 0x07300402, 0, 0, 0x8603);
	cpu.hypervisor = true;
	check_two(cpu);
}

/* AMD's leaf is reserved, or not there: its counters are others, which are not used. */
static void test_no_counters(void **state)
{
	struct pmu_cpuid cpu = { .vendor = AMD, .family = 0x17, .model = 0x71, .has_leaf = true };

	(void)state;
	check_none(cpu, "version 0 in CPUID leaf 0AH");
	cpu.has_leaf = false;
	check_none(cpu, "CPUID has no leaf 0AH");
	check_none(CPU(0x5e, 0x00000004, 0, 0, 0), "CPUID leaf 0AH tells of no counter");
	/* One that counts anything, and a vector of no bits: nothing is known to be there. */
	check_none(CPU(0x0e, 0x00280101, 0, 0, 0), "CPUID leaf 0AH tells of no counter");
}

/* Version 1 has no fixed counters, whatever EDX says; events may be missing. */
static void test_counters_that_are_not_fixed(void **state)
{
	struct pmu_plan plan = chosen(CPU(0x0e, 0x07280201, 0, 0, 0x603));
	u64 bits_40 = (1ul << 40) - 1;

	(void)state;
	assert_int_equal(plan.n, 2);
	check_counter(&plan, 0, (struct pmu_counter){ "instructions", false, 0, 0x00c0, bits_40 });
	check_counter(&plan, 1, (struct pmu_counter){ "cycles", false, 1, 0x003c, bits_40 });

	plan = chosen(CPU(0x0e, 0x07280201, 1, 0, 0)); /* no cycles */
	assert_int_equal(plan.n, 1);
	check_counter(&plan, 0, (struct pmu_counter){ "instructions", false, 0, 0x00c0, bits_40 });

	plan = chosen(CPU(0x0e, 0x07280201, 2, 0, 0)); /* no instructions */
	assert_int_equal(plan.n, 1);
	check_counter(&plan, 0, (struct pmu_counter){ "cycles", false, 0, 0x003c, bits_40 });

	plan = chosen(CPU(0x0e, 0x07280101, 0, 0, 0)); /* one counter: no room for cycles */
	assert_int_equal(plan.n, 1);
	check_counter(&plan, 0, (struct pmu_counter){ "instructions", false, 0, 0x00c0, bits_40 });
}

/* Fixed counters that are not in a row: from version 5 on ECX says which. */
static void test_fixed_counters_by_mask(void **state)
{
	struct pmu_plan plan = chosen(CPU(0xff, 0x08300805, 0, 2, 0x600));

	(void)state;
	assert_int_equal(plan.n, 2);
	check_counter(&plan, 0, (struct pmu_counter){ "instructions", false, 0, 0x00c0, BITS_48 });
	check_counter(&plan, 1, CYCLES);
	plan = chosen(CPU(0xff, 0x08300804, 0, 2, 0x600)); /* version 4: ECX is reserved */
	assert_int_equal(plan.n, 2);
	check_counter(&plan, 1, (struct pmu_counter){ "cycles", false, 1, 0x003c, BITS_48 });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_haswell_and_skylake),
		cmocka_unit_test(test_hybrid),
		cmocka_unit_test(test_models_without_an_event),
		cmocka_unit_test(test_hypervisors),
		cmocka_unit_test(test_no_counters),
		cmocka_unit_test(test_counters_that_are_not_fixed),
		cmocka_unit_test(test_fixed_counters_by_mask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
