/* SPDX-License-Identifier: MIT */
/*
 * tests/cpu_hotadd.c - CPUs that the host puts in and takes out.  The test says on the serial
 * line what the host is to do, "host: ..."; tools/hotadd reads it and does it.
 */
#include "arch/x86_64/migrate.h"
#include "arch/x86_64/shared.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/time.h"
#include "kernel/cpu_slots.h"
#include "kernel/hotplug.h"
#include "kernel/sched.h"
#include "lib/err.h"
#include "tests/hotplug.h"

#define HOST_LIMIT (30 * NS_PER_SEC) /* for what the host, and then the kernel, has to do */
#define LOOK	   (10 * NS_PER_MS)

/* Until @holds(@arg) is true: true, or false after HOST_LIMIT. */
static bool wait_until(bool (*holds)(u32 arg), u32 arg)
{
	u64 deadline = time_ns() + HOST_LIMIT;

	while (!holds(arg)) {
		if (time_ns() > deadline)
			return false;
		sleep_ns(LOOK);
	}
	return true;
}

static bool is_absent(u32 cpu)
{
	return shared_load(&cpus[cpu].state) == CPU_ABSENT;
}

static bool more_active(u32 n)
{
	return cpumask_weight(&cpus_active) > n;
}

/* The first empty place from @cpu on; cpu_count: there is none. */
static u32 empty_place(u32 cpu)
{
	while (cpu < cpu_count && !is_absent(cpu))
		cpu++;
	return cpu;
}

static void check_is_absent(struct test *t, u32 cpu)
{
	EXPECT(t, is_absent(cpu), "CPU %u is in state %u", cpu, cpus[cpu].state);
	EXPECT_EQ(t, cpu_up(cpu), -ENODEV);
	EXPECT_EQ(t, cpu_down(cpu, 0), -ENODEV);
	EXPECT_EQ(t, run_on_cpu(cpu, count_call, NULL), -ENODEV);
}

/* The number of the CPU that the host puts in; cpu_count: none came. */
static u32 one_comes(struct test *t)
{
	struct cpumask before = cpus_active;
	u32 cpu;

	test_note("host: add a CPU");
	EXPECT(t, wait_until(more_active, cpumask_weight(&before)), "no CPU came");
	for_each_cpu (cpu, &cpus_active)
		if (!cpumask_test(&before, cpu))
			return cpu;
	return cpu_count;
}

static void one_goes(struct test *t, u32 cpu)
{
	test_note("host: take it back");
	EXPECT(t, wait_until(is_absent, cpu), "CPU %u did not go", cpu);
	check_is_absent(t, cpu);
}

static int work_and_rest(void *arg)
{
	struct operation *o = arg;

	check_works(o);
	EXPECT_EQ(o->t, cpu_arrive(o->cpu), -EEXIST);
	EXPECT_EQ(o->t, cpu_depart(o->cpu), -EBUSY);
	EXPECT_EQ(o->t, cpu_down(o->cpu, 0), 0);
	EXPECT_EQ(o->t, cpus[o->cpu].state, CPU_PARKED);
	EXPECT_EQ(o->t, cpu_up(o->cpu), 0);
	check_works(o);
	return 0;
}

static bool was_refused(u32 before)
{
	return cpu_slots_refused() > before;
}

/* Stays where it is until the host has been refused. */
static int stay(void *arg)
{
	struct test *t = arg;
	u32 before = cpu_slots_refused();

	migrate_disable();
	test_note("host: take it back");
	EXPECT(t, wait_until(was_refused, before), "the host was not refused");
	migrate_enable();
	return 0;
}

static int work(void *arg)
{
	check_works(arg);
	return 0;
}

static int go_down(void *arg)
{
	struct operation *o = arg;

	EXPECT_EQ(o->t, cpu_down(o->cpu, 0), 0);
	return 0;
}

/*
 * Two come and work.  The second is asked back while it may not go, then goes; the first is
 * down when it is asked back.  None comes after one has gone: QEMU 7.2 does not survive it.
 */
TEST("cpu.hotadd", they_come_work_and_go, .cpus = 2)
{
	u32 first = empty_place(0), second;

	if (first == cpu_count) {
		test_skip(t, "hotadd=on has found no empty place for a CPU");
		return;
	}
	for (; first < cpu_count; first = empty_place(first + 1))
		check_is_absent(t, first);
	first = one_comes(t);
	if (first == cpu_count)
		return;
	operate(t, first, work_and_rest);
	second = one_comes(t);
	if (second == cpu_count)
		return;
	operate(t, second, work);
	run_thread(t, second, stay, t);
	operate(t, second, work_and_rest);
	one_goes(t, second);
	operate(t, first, work_and_rest);
	operate(t, first, go_down);
	one_goes(t, first);
}
