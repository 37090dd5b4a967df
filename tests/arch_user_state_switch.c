/* SPDX-License-Identifier: MIT */
/*
 * tests/arch_user_state_switch.c - the registers of user mode over switches, on whichever CPU, and
 * never another thread's; and while their CPU is away.
 */
#include "arch/x86_64/smp.h"
#include "arch/x86_64/user_state.h"
#include "kernel/hotplug.h"
#include "kernel/sched.h"
#include "mm/slab.h"
#include "tests/cpus.h"
#include "tests/hotplug.h"
#include "tests/threads.h"
#include "tests/user_memory.h"
#include "tests/user_visitor.h"

#define SWITCH_ROUNDS 600

/* With others on the same CPU; it yields, is preempted, or moves. */
static void mix(struct visitor *p)
{
	struct rand r = { p->seed };
	u32 rounds = share_of(SWITCH_ROUNDS);

	for (u32 round = 0; round < rounds; round++) {
		put_values(p);
		switch (rand_below(&r, 4)) {
		case 0:
			yield();
			break;
		case 1:
			ring3_with(user_state_spin, RFLAGS_IF, 0);
			break;
		case 2:
			sleep_ns(rand_below(&r, 2000));
			break;
		default:
			go_to(p->t,
			      (u32)(cpumask_first_from(
				      &cpus_online, rand_below(&r, cpumask_weight(&cpus_online)))));
		}
		expect_values(p, "after switches");
	}
}

TEST("arch.user_state", kept_over_switches_and_moves)
{
	enum { EACH = 3 };
	u32 n = 0, cpu, most = EACH * cpumask_weight(&cpus_online);
	struct visitor **p = kmalloc(most * sizeof(p[0]));

	EXPECT(t, p != NULL, "no memory for the list");
	if (p == NULL)
		return;
	for_each_cpu (cpu, &cpus_online)
		for (u32 i = 0; i < EACH; i++) {
			p[n] = visitor_make(t, cpu, mix, (cpu * EACH + i) * 100000);
			n += p[n] != NULL;
		}
	for (u32 i = 0; i < n; i++)
		thread_start(p[i]->thread);
	for (u32 i = 0; i < n; i++)
		visitor_join(p[i]);
	kfree(p);
}

static void there_and_back(struct visitor *p)
{
	u32 here = cpu_id, there = other_than(here);

	for (u32 round = 0; round < 20; round++) {
		put_values(p);
		go_to(p->t, there);
		expect_values(p, "on another CPU");
		put_values(p);
		go_to(p->t, here); /* whose registers are as it left them */
		expect_values(p, "back");
		EXPECT_EQ(p->t, cpu_id, here);
	}
}

/* Nobody else has loaded anything meanwhile: the CPU number tells that it is old. */
TEST("arch.user_state", changed_elsewhere_meanwhile, .cpus = 2)
{
	visitor_run(t, cpu_id, there_and_back, 0);
}

/* The state of a thread that is gone comes again, at its address, on the CPU that had it last. */
TEST("arch.user_state", fresh_after_others)
{
	u32 cpu, same = 0;

	for_each_cpu (cpu, &cpus_online)
		for (u32 round = 0; round < 5; round++) {
			struct visitor *p;

			visitor_run(t, cpu, put_values, round * 17 + 3);
			p = visitor_make(t, cpu, expect_fresh, 0);
			if (p == NULL)
				return;
			same += p->thread->user_state == *per_cpu_ptr(&user_state_owner, cpu);
			thread_start(p->thread);
			visitor_join(p);
		}
	test_note("%u of them at the address of who was there before", same);
}

/* --- a CPU that goes and comes back ---------------------------------------------------------- */

struct sleeper {
	struct completion asleep, wake;
};

static struct sleeper sleeper;

static void sleep_over_it(struct visitor *p)
{
	u32 cpu = cpu_id;

	put_values(p);
	complete(&sleeper.asleep);
	wait_for_completion(&sleeper.wake);
	EXPECT_EQ(p->t, cpu_id, cpu);
	expect_values(p, "after its sleep");
}

static void set_bases_of_sleeper(struct test *t, u32 cpu)
{
	struct visitor *p = visitor_make(t, cpu, sleep_over_it, 13);

	if (p == NULL)
		return;
	completion_init(&sleeper.asleep);
	completion_init(&sleeper.wake);
	thread_start(p->thread);
	wait_for_completion(&sleeper.asleep);
	while (thread_on_cpu(p->thread))
		yield();
	p->want.fs_base = VISITOR_DATA + 1;
	p->want.gs_base = KERNEL_BASE + 1;
	EXPECT_EQ(t, user_state_set_bases(p->thread->user_state, p->want.fs_base, p->want.gs_base),
		  0);
	complete(&sleeper.wake);
	visitor_join(p);
}

/* What a CPU's registers still hold of it, this one's or another's, is old then. */
TEST("arch.user_state", bases_set_by_others)
{
	u32 cpu;

	for_each_cpu (cpu, &cpus_online)
		set_bases_of_sleeper(t, cpu);
}

static int restart(void *arg)
{
	struct operation *o = arg;

	EXPECT_EQ(o->t, cpu_down(o->cpu, 0), 0);
	EXPECT_EQ(o->t, cpu_up(o->cpu), 0);
	return 0;
}

/* INIT has emptied the registers, and nobody has loaded others. */
TEST("arch.user_state", kept_while_the_cpu_is_away, .cpus = 2)
{
	u32 cpu = other_than(BOOT_CPU);
	struct visitor *p = visitor_make(t, cpu, sleep_over_it, 77);

	if (p == NULL)
		return;
	completion_init(&sleeper.asleep);
	completion_init(&sleeper.wake);
	thread_start(p->thread);
	wait_for_completion(&sleeper.asleep);
	operate(t, cpu, restart);
	complete(&sleeper.wake);
	visitor_join(p);
}
