/* SPDX-License-Identifier: MIT */
/*
 * tests/user_syscall.c - into the kernel by SYSCALL and back, and threads of tasks that end.
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/time.h"
#include "kernel/abi.h"
#include "kernel/sched.h"
#include "lib/err.h"
#include "tests/account.h"
#include "tests/user_memory.h"
#include "tests/user_task.h"

USER_PROGRAM(registers_stay);
USER_PROGRAM(counts_down);
USER_PROGRAM(spins);
USER_PROGRAM(single_steps);
USER_PROGRAM(reads);
USER_PROGRAM(jumps);
USER_PROGRAM(has_no_stack);

#define NULL_CALLS 5000u
#define NMI_BURST  64u
#define NMI_GAP	   (20 * 1000ul) /* ns: others do something in between */

TEST("user.syscall", registers_stay)
{
	EXPECT_EQ(t, user_task_run(t, "registers", USER_CODE(registers_stay), 0), 0);
}

/* From all CPUs at once, preempted and moved. */
TEST("user.syscall", from_all_cpus)
{
	struct task *task = user_task(t, "counters", USER_CODE(counts_down));

	for (u32 i = 0; task != NULL && i < user_threads(2 * cpumask_weight(&cpus_active)); i++)
		user_task_start(t, task, NULL_CALLS, ANY_USER_CPU);
	if (task != NULL)
		EXPECT_EQ(t, user_task_end(task), 0);
}

/* The kernel's stack is its own: the user's pointer is never used, whatever it is. */
TEST("user.syscall", stack_pointer_is_hostile)
{
	static const u64 pointers[] = { 0,
					8,
					USER_CODE_AT,
					0x7ffffffffff8,
					0x800000000000,
					0xffff800000000000,
					0xffffffffc0000000,
					~0ul };

	for (size_t i = 0; i < ARRAY_SIZE(pointers); i++)
		EXPECT(t, user_task_run(t, "stackless", USER_CODE(has_no_stack), pointers[i]) == 0,
		       "stack pointer %#lx", pointers[i]);
}

/* The trap flag is off in the kernel: the step ends behind the call, with a #DB of the user's. */
TEST("user.syscall", single_step_is_the_users)
{
	EXPECT_EQ(t, user_task_run(t, "stepper", USER_CODE(single_steps), 0), -EFAULT);
}

/* NMIs at any instruction of the ways in and out, on every CPU. */
TEST("user.syscall", nmis_on_the_way)
{
	struct task *task = user_task(t, "callers", USER_CODE(counts_down));
	u64 until = time_ns() + 100 * NS_PER_MS;
	u32 cpu, nmis = 0;

	if (task == NULL)
		return;
	for (u32 i = 0; i < user_threads(2 * cpumask_weight(&cpus_active)); i++)
		user_task_start(t, task, ~0ul, ANY_USER_CPU);
	thread_set_priority(current, PRIORITY_HIGH); /* else it waits for its turn among them */
	while (time_ns() < until) {
		for (u32 i = 0; i < NMI_BURST; i++) {
			for_each_cpu (cpu, &cpus_active)
				apic_send_nmi(cpus[cpu].apic_id);
			nmis += cpumask_weight(&cpus_active);
			time_spin_ns(NMI_GAP);
		}
		sleep_ns(NMI_GAP);
	}
	thread_set_priority(current, PRIORITY_DEFAULT);
	test_note("%u NMIs sent", nmis);
	task_kill(task);
	EXPECT_EQ(t, user_task_end(task), -EINTR);
}

TEST("user.task", faults_end_the_thread)
{
	static const u64 reads[] = {
		0, USER_DATA_AT - 8, 0x800000000000, DIRECT_MAP_BASE, KERNEL_BASE, PERCPU_BASE, ~7ul
	};

	for (size_t i = 0; i < ARRAY_SIZE(reads); i++) {
		EXPECT(t, user_task_run(t, "reader", USER_CODE(reads), reads[i]) == -EFAULT,
		       "read of %#lx", reads[i]);
		EXPECT(t, user_task_run(t, "jumper", USER_CODE(jumps), reads[i]) == -EFAULT,
		       "jump to %#lx", reads[i]);
	}
	EXPECT_EQ(t, user_task_run(t, "jumper", USER_CODE(jumps), USER_DATA_AT), -EFAULT);
	EXPECT_EQ(t, user_task_run(t, "reader", USER_CODE(reads), USER_DATA_AT), 0);
}

/* Behind the last user page a SYSCALL would return to an address that is not canonical. */
TEST("user.task", last_page_cannot_be_mapped)
{
	struct mm *mm = mm_create();

	if (mm == NULL)
		return;
	EXPECT_EQ(t, map_anon(mm, USER_END - PAGE_SIZE, PAGE_SIZE, RW), -EINVAL);
	EXPECT_EQ(t, map_anon(mm, USER_END - 2 * PAGE_SIZE, PAGE_SIZE, RW), 0);
	mm_put(mm);
}

/* Threads in user mode, and in system calls, end when they are told to. */
TEST("user.task", killed_while_it_runs)
{
	struct task *spinners = user_task(t, "spinners", USER_CODE(spins));
	struct task *callers = user_task(t, "callers", USER_CODE(counts_down));

	for (u32 i = 0; i < user_threads(2 * cpumask_weight(&cpus_active)); i++) {
		if (spinners != NULL)
			user_task_start(t, spinners, 0, ANY_USER_CPU);
		if (callers != NULL)
			user_task_start(t, callers, ~0ul, ANY_USER_CPU);
	}
	sleep_ns(20 * NS_PER_MS);
	if (spinners != NULL) {
		task_kill(spinners);
		EXPECT_EQ(t, user_task_end(spinners), -EINTR);
	}
	if (callers != NULL) {
		task_kill(callers);
		EXPECT_EQ(t,
			  task_start_thread(callers, &(struct user_start){ .cpu = ANY_USER_CPU }),
			  -ESRCH);
		EXPECT_EQ(t, user_task_end(callers), -EINTR);
	}
}

/* One task after the other, on this CPU: what others have in stock does not change. */
static void run_some(struct test *t, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		struct task *task = user_task(t, "leaver", USER_CODE(counts_down));

		if (task == NULL)
			return;
		user_task_start(t, task, 10, cpu_id);
		EXPECT_EQ(t, user_task_end(task), 0);
	}
}

/* What tasks had is there again. */
TEST("user.task", nothing_is_left)
{
	struct account before, after;

	run_some(t, 40); /* slots and caches have what they keep */
	before = account();
	run_some(t, 20);
	after = account();
	EXPECT_EQ(t, after.threads, before.threads);
	EXPECT_EQ(t, after.pgds, before.pgds);
	/* A page of records more stays for slots, where more mms than before lived at a time. */
	EXPECT_EQ(t, after.free + after.records, before.free + before.records);
}
