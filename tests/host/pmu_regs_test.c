/* SPDX-License-Identifier: MIT */
/*
 * tests/host/pmu_regs_test.c - which registers are touched, and how: of a CPU that has those that
 * its CPUID tells of, no others, and whose counters move if they are told to.
 */
#include "arch/x86_64/cpuid.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/pmu.h"
#include "arch/x86_64/regs.h"
#include "lib/string.h"
#include "tests/host/cmocka_host.h"

#define GENERAL	   4u
#define FIXED	   3u
#define STEP	   1000u /* what a counter that runs moves by between two looks at it */
#define FIXED_READ BIT(30)

struct cpu_features cpu_features;

static struct {
	u32 leaves, leaf[4];
	bool stuck; /* registers are there, and do not count */
	u64 select[GENERAL], fixed_control, global;
	u64 general[GENERAL], fixed[FIXED];
} cpu;

enum { EAX, EBX, ECX, EDX };

static u32 version(void)
{
	return cpu.leaf[EAX] & 0xff;
}

static u32 generals(void)
{
	return cpu.leaf[EAX] >> 8 & 0xff;
}

void cpuid(u32 leaf, u32 subleaf, u32 out[4])
{
	assert_int_equal(subleaf, 0);
	assert_true(leaf <= cpu.leaves);
	memset(out, 0, 4 * sizeof(out[0]));
	if (leaf == 0)
		out[EAX] = cpu.leaves;
	if (leaf == 0x0a)
		memcpy(out, cpu.leaf, sizeof(cpu.leaf));
	if (leaf == 7)
		out[EDX] = BIT(15);
	if (leaf == 0x1a)
		out[EAX] = 0x40000001;
}

/* Whether a counter runs is up to all registers that say so. */
static bool general_runs(u32 i)
{
	return cpu.select[i] & BIT(22) && (version() < 2 || cpu.global & BIT(i));
}

static bool fixed_runs(u32 i)
{
	return (cpu.fixed_control >> i * 4 & 3) == 3 && cpu.global & BIT(32 + i);
}

/* The register @msr, which must be there. */
static u64 *reg(u32 msr)
{
	if (msr >= MSR_PMC0 && msr < MSR_PMC0 + generals())
		return &cpu.general[msr - MSR_PMC0];
	if (msr >= MSR_PERFEVTSEL0 && msr < MSR_PERFEVTSEL0 + generals())
		return &cpu.select[msr - MSR_PERFEVTSEL0];
	assert_true(version() >= 2);
	if (msr == MSR_PERF_GLOBAL_CTRL)
		return &cpu.global;
	if (msr == MSR_FIXED_CTR_CTRL)
		return &cpu.fixed_control;
	assert_true(msr >= MSR_FIXED_CTR0 && msr < MSR_FIXED_CTR0 + (cpu.leaf[EDX] & 0x1f));
	return &cpu.fixed[msr - MSR_FIXED_CTR0];
}

static void tick(void)
{
	for (u32 i = 0; i < GENERAL; i++)
		cpu.general[i] += !cpu.stuck && general_runs(i) ? STEP : 0;
	for (u32 i = 0; i < FIXED; i++)
		cpu.fixed[i] += !cpu.stuck && fixed_runs(i) ? STEP : 0;
}

u64 rdmsr(u32 msr)
{
	tick();
	return *reg(msr);
}

void wrmsr(u32 msr, u64 value)
{
	*reg(msr) = value;
}

u64 rdpmc(u32 which)
{
	u32 i = which & (u32)~FIXED_READ;

	assert_false(cpu.stuck);
	assert_true(which & FIXED_READ ? version() >= 2 && i < (cpu.leaf[EDX] & 0x1f)
				       : i < generals());
	tick();
	return which & FIXED_READ ? cpu.fixed[i] : cpu.general[i];
}

static struct pmu_plan start(u32 leaves, u32 eax, u32 edx, u32 model)
{
	struct pmu_plan plan;

	memset(&cpu.select, 0, sizeof(cpu) - offsetof(typeof(cpu), select));
	cpu.leaves = leaves;
	memcpy(cpu.leaf, (u32[]){ eax, 0, 0, edx }, sizeof(cpu.leaf));
	cpu_features = (struct cpu_features){ .family = 6, .model_number = model };
	strlcpy(cpu_features.vendor, "GenuineIntel", sizeof(cpu_features.vendor));
	pmu_start(&plan);
	return plan;
}

/* Each of them moves from one reading to the next. */
static void check_moves(const struct pmu_plan *plan)
{
	u64 before[PMU_COUNTERS_MAX], after[PMU_COUNTERS_MAX];

	pmu_read(plan, before);
	pmu_read(plan, after);
	for (u32 i = 0; i < plan->n; i++)
		assert_true(after[i] - before[i] >= STEP);
}

static void test_fixed_and_general(void **state)
{
	struct pmu_plan plan = start(0x16, 0x07300404, 0x603, 0x5e);

	(void)state;
	assert_null(plan.none);
	assert_int_equal(plan.n, 3);
	assert_int_equal(cpu.fixed_control, 0x33);
	assert_int_equal(cpu.select[0], 0x430e08);
	assert_int_equal(cpu.global, 3ul << 32 | 1);
	check_moves(&plan);
}

/* Leaf 1AH is looked at where there is one. */
static void test_kind_of_cpu(void **state)
{
	struct pmu_plan plan = start(0x20, 0x07300605, 0x8603, 0xb7);

	(void)state;
	assert_null(plan.none);
	assert_int_equal(cpu.select[0], 0x430e12);
	check_moves(&plan);
}

/* Version 1: the two registers that start all are not there. */
static void test_version_1(void **state)
{
	struct pmu_plan plan = start(0x0a, 0x07280201, 0, 0x0e);

	(void)state;
	assert_null(plan.none);
	assert_int_equal(plan.n, 2);
	assert_int_equal(cpu.select[0], 0x4300c0);
	assert_int_equal(cpu.select[1], 0x43003c);
	check_moves(&plan);
}

/* What others have set stays; a fixed counter that is ours interrupts nobody any more. */
static void test_others_are_left_alone(void **state)
{
	struct pmu_plan plan;

	(void)state;
	(void)start(0x16, 0x07300404, 0x603, 0x5e);
	cpu.fixed_control = 0xbbb;
	cpu.global = 7ul << 32 | 8;
	cpu.select[3] = 0x4300c4;
	pmu_start(&plan);
	assert_int_equal(cpu.fixed_control, 0xb33);
	assert_int_equal(cpu.global, 7ul << 32 | 9);
	assert_int_equal(cpu.select[3], 0x4300c4);
}

static void test_counters_that_do_not_count(void **state)
{
	struct pmu_plan plan;

	(void)state;
	cpu.stuck = true;
	plan = start(0x0d, 0x07300403, 0x603, 0x3c);
	cpu.stuck = false;
	assert_string_equal(plan.none, "CPUID leaf 0AH tells of counters, but they do not count");
}

static void test_nothing_is_touched(void **state)
{
	(void)state;
	assert_non_null(start(0x05, 0x07300404, 0x603, 0x5e).none);
	assert_non_null(start(0x16, 0, 0, 0x5e).none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fixed_and_general),
		cmocka_unit_test(test_kind_of_cpu),
		cmocka_unit_test(test_version_1),
		cmocka_unit_test(test_others_are_left_alone),
		cmocka_unit_test(test_counters_that_do_not_count),
		cmocka_unit_test(test_nothing_is_touched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
