/* SPDX-License-Identifier: MIT */
/*
 * tests/user_device.c - interrupts and ports in user mode: programs that serve the real-time clock,
 * that are killed at any moment of it, and whose CPU leaves meanwhile.
 */
#include "arch/x86_64/ioapic.h"
#include "arch/x86_64/ipi.h"
#include "arch/x86_64/time.h"
#include "kernel/abi.h"
#include "kernel/device_irq.h"
#include "kernel/hotplug.h"
#include "kernel/system.h"
#include "kernel/wait.h"
#include "lib/err.h"
#include "tests/storm.h"
#include "tests/user_check.h"

#define RTC_IRQ	     8u
#define SYSTEM	     (RIGHT_IRQ | RIGHT_PORTS | RIGHT_INSPECT | RIGHT_DUPLICATE)
#define PAGES	     2048u
#define SERVED	     400ul
#define FOR_EVER     0xfffffffful
#define COUNT_SHIFT  32
#define KILL_SPAN_NS (20 * NS_PER_MS)
#define ROUNDS	     40u

static bool can_interrupt(struct test *t)
{
	bool can = ioapic_has(device_irq_number(RTC_IRQ));

	if (!can)
		test_skip(t, "no I/O APIC");
	return can;
}

TEST("user.device", arguments_of_all_kinds)
{
	user_check(t, "check_devices", &system_object, SYSTEM);
}

TEST("user.device", interrupts_of_the_clock)
{
	if (can_interrupt(t))
		user_check(t, "check_rtc", &system_object, SYSTEM);
}

/* A task with check_rtc that has begun to serve @n interrupts. */
static struct task *start(struct test *t, u64 n)
{
	struct task *task = user_check_load(t, "check_rtc", PAGES);

	if (task != NULL)
		user_check_start(t, task,
				 user_task_give(t, task, &system_object, SYSTEM) |
					 n << COUNT_SHIFT);
	return task;
}

/* Each CPU leaves and comes back, again and again: one that is lost is missed by the program. */
TEST("user.device", cpus_leave_meanwhile, .cpus = 2)
{
	struct task *task = can_interrupt(t) ? start(t, SERVED) : NULL;
	u32 rounds = 0, cpu = 0;

	while (task != NULL && !task_has_ended(task)) {
		EXPECT_EQ(t, cpu_down(cpu, 0), 0);
		EXPECT_EQ(t, cpu_up(cpu), 0);
		cpu = cpumask_next(&cpus_online, cpu);
		if (cpu >= MAX_CPUS)
			cpu = cpumask_first(&cpus_online);
		rounds++;
	}
	if (task != NULL)
		EXPECT_EQ(t, user_task_end(task), 0);
	test_note("%u CPUs left", rounds);
}

static bool round_of_killing(struct test *t, struct rand *r, void *unused)
{
	struct task *task = start(t, FOR_EVER);

	(void)unused;
	if (task == NULL)
		return false;
	time_spin_ns(rand_below(r, KILL_SPAN_NS));
	task_kill(task);
	EXPECT_EQ(t, user_task_end(task), -EINTR);
	return true;
}

/* What it had is free when it has ended, an interrupt that came and was not acknowledged too. */
TEST("user.device", killed_at_any_moment)
{
	struct task *task;

	if (!can_interrupt(t))
		return;
	storm_rounds(t, ROUNDS, round_of_killing, NULL);
	/* And the clock can be served again, and is stopped. */
	task = start(t, 3);
	if (task != NULL)
		EXPECT_EQ(t, user_task_end(task), 0);
}
