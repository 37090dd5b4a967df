/* SPDX-License-Identifier: MIT */
/*
 * tests/cpu_hotplug.c - CPUs go and come back, and work as before, whatever fails on the way.
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/migrate.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/time.h"
#include "arch/x86_64/trap.h"
#include "kernel/hotplug.h"
#include "lib/err.h"
#include "mm/asid.h"
#include "mm/kmap.h"
#include "mm/page_alloc.h"
#include "tests/hotplug.h"

#define STRAY_NMIS 20
#define DOWN_CPUS  4 /* so many CPUs are tried where each takes long */

static bool is_up(u32 cpu)
{
	return cpumask_test(&cpus_online, cpu);
}

void operate(struct test *t, u32 cpu, thread_fn fn)
{
	struct operation o = { .t = t, .cpu = cpu, .mm = mm_create() };

	EXPECT(t, o.mm != NULL && map_anon(o.mm, BASE, PAGE_SIZE, RW) == 0, "no memory");
	if (o.mm != NULL) {
		run_thread(t, other_than(cpu), fn, &o);
		mm_put(o.mm);
	}
}

void operate_on_some(struct test *t, thread_fn fn)
{
	struct cpumask all = cpus_online;
	u32 n = cpumask_weight(&all), step = DIV_ROUND_UP(n, DOWN_CPUS), i = 0, cpu;

	for_each_cpu (cpu, &all)
		if (i++ % step == 0 || i == n)
			operate(t, cpu, fn);
}

/* --- does a CPU work? --------------------------------------------------------------------- */

void count_call(void *arg)
{
	__atomic_fetch_add((u64 *)arg, 1, __ATOMIC_RELAXED);
}

static void check_kmap(struct test *t)
{
	struct page *page = alloc_page(ZONE_USER);
	u64 *p;

	EXPECT(t, page != NULL, "no memory");
	if (page == NULL)
		return;
	p = kmap_local_page(page);
	*p = BASE;
	kunmap_local(p);
	p = kmap_local_page(page);
	EXPECT_EQ(t, *p, BASE);
	kunmap_local(p);
	free_page(page);
}

/* Calls to all from here, each once. */
static void check_calls(struct test *t)
{
	u64 ran = 0;

	on_each_cpu(count_call, &ran);
	EXPECT_EQ(t, ran, cpumask_weight(&cpus_online));
}

/* The mm was loaded here before, and what it holds was changed elsewhere since. */
static void check_mm(struct operation *o)
{
	use(o->mm);
	EXPECT_EQ(o->t, get(BASE), o->value);
	EXPECT(o->t, put(BASE, ++o->value), "CPU %u: no access", cpu_id);
	EXPECT_EQ(o->t, get(BASE), o->value);
	use(NULL);
}

static int check_here(void *arg)
{
	struct operation *o = arg;
	u64 start = time_ns();

	EXPECT_EQ(o->t, cpu_id, o->cpu);
	EXPECT_EQ(o->t, apic_id(), cpus[o->cpu].apic_id);
	EXPECT_EQ(o->t, *per_cpu_ptr(&cpu_id, o->cpu), o->cpu);
	check_kmap(o->t);
	check_mm(o);
	check_calls(o->t);
	sleep_ns(A_MOMENT);
	EXPECT(o->t, time_ns() - start >= A_MOMENT, "CPU %u: slept too short", cpu_id);
	return 0;
}

void check_works(struct operation *o)
{
	u64 ran = 0;

	EXPECT(o->t, is_up(o->cpu), "CPU %u is not online", o->cpu);
	EXPECT_EQ(o->t, cpus[o->cpu].state, CPU_ONLINE);
	EXPECT_EQ(o->t, run_on_cpu(o->cpu, count_call, &ran), 0);
	EXPECT_EQ(o->t, ran, 1);
	run_thread(o->t, o->cpu, check_here, o);
	/* Another page at the same address: what that CPU has of the old one is stale. */
	use(o->mm);
	EXPECT_EQ(o->t, mm_unmap(o->mm, BASE, BASE + PAGE_SIZE), 0);
	EXPECT_EQ(o->t, map_anon(o->mm, BASE, PAGE_SIZE, RW), 0);
	EXPECT(o->t, put(BASE, ++o->value), "no access");
	use(NULL);
}

static void check_is_down(struct operation *o)
{
	u64 ran = 0;

	EXPECT(o->t, !is_up(o->cpu), "CPU %u is online", o->cpu);
	EXPECT_EQ(o->t, cpus[o->cpu].state, CPU_PARKED);
	EXPECT_EQ(o->t, run_on_cpu(o->cpu, count_call, &ran), -ENODEV);
	EXPECT_EQ(o->t, ran, 0);
	check_calls(o->t);
	EXPECT_EQ(o->t, per_cpu_ptr(&cpu_tlb, o->cpu)->count, 0);
	EXPECT_EQ(o->t, per_cpu_ptr(&cpu_tlb, o->cpu)->loaded_ctx, 0);
	EXPECT(o->t, !asid_bound(o->mm, o->cpu), "CPU %u keeps a slot", o->cpu);
	/* Strays do no harm. */
	apic_send_ipi(cpus[o->cpu].apic_id, IRQ_RESCHEDULE);
	apic_send_ipi(cpus[o->cpu].apic_id, IRQ_CALL);
	apic_send_ipi(cpus[o->cpu].apic_id, IRQ_RECLAIM);
	for (u32 i = 0; i < STRAY_NMIS && o->cpu == BOOT_CPU; i++) {
		apic_send_nmi(cpus[o->cpu].apic_id);
		time_spin_ns(i * NS_PER_US);
	}
	EXPECT_EQ(o->t, cpus[o->cpu].state, CPU_PARKED);
}

/* --- the tests ---------------------------------------------------------------------------- */

static int down_and_up(void *arg)
{
	struct operation *o = arg;

	check_works(o);
	for (u32 round = 0; round < 2; round++) {
		EXPECT_EQ(o->t, cpu_down(o->cpu, 0), 0);
		check_is_down(o);
		EXPECT_EQ(o->t, cpu_up(o->cpu), 0);
		check_works(o);
	}
	return 0;
}

/* The boot CPU too. */
TEST("cpu.hotplug", each_cpu_in_turn, .cpus = 2)
{
	struct cpumask all = cpus_online;
	u32 cpu;

	for_each_cpu (cpu, &all)
		operate(t, cpu, down_and_up);
}

static int fail_down(void *arg)
{
	struct operation *o = arg;
	const char *name;

	for (u32 n = 0; (name = hotplug_state_name(n)) != NULL; n++) {
		hotplug_fail_down = name;
		EXPECT(o->t, cpu_down(o->cpu, 0) == -EIO, "CPU %u, state %s", o->cpu, name);
		EXPECT(o->t, hotplug_fail_down == NULL, "state %s was not left", name);
		check_works(o);
	}
	return 0;
}

TEST("cpu.hotplug", failure_at_each_state_down, .cpus = 2)
{
	operate_on_some(t, fail_down);
}

static int fail_up(void *arg)
{
	struct operation *o = arg;
	const char *name;

	EXPECT_EQ(o->t, cpu_down(o->cpu, 0), 0);
	for (u32 n = 0; (name = hotplug_state_name(n)) != NULL; n++) {
		hotplug_fail_up = name;
		EXPECT(o->t, cpu_up(o->cpu) == -EIO, "CPU %u, state %s", o->cpu, name);
		EXPECT(o->t, hotplug_fail_up == NULL, "state %s was not reached", name);
		EXPECT(o->t, !is_up(o->cpu), "CPU %u is up, state %s", o->cpu, name);
	}
	EXPECT_EQ(o->t, cpu_up(o->cpu), 0);
	check_works(o);
	return 0;
}

TEST("cpu.hotplug", failure_at_each_state_up, .cpus = 2)
{
	operate_on_some(t, fail_up);
}

/* Nothing is left on the stacks of CPUs that are down.  This is the one that is not. */
static void check_stacks_are_empty(struct test *t)
{
	struct page_alloc_stats k, u;
	u64 flags = irq_save();

	page_alloc_drain_cpu(cpu_id);
	page_alloc_stats(ZONE_KERNEL, &k);
	page_alloc_stats(ZONE_USER, &u);
	irq_restore(flags);
	EXPECT_EQ(t, k.pcp + u.pcp, 0);
}

/* Down to one, which is refused, and back. */
static int all_but_this(void *arg)
{
	struct operation *o = arg;
	struct cpumask all = cpus_online;
	u32 cpu, self = cpu_id;

	for_each_cpu (cpu, &all)
		if (cpu != self)
			EXPECT(o->t, cpu_down(cpu, 0) == 0, "CPU %u", cpu);
	EXPECT_EQ(o->t, cpumask_weight(&cpus_online), 1);
	EXPECT_EQ(o->t, cpu_down(self, 0), -EBUSY);
	check_stacks_are_empty(o->t);
	check_calls(o->t);
	for_each_cpu (cpu, &all)
		if (cpu != self)
			EXPECT(o->t, cpu_up(cpu) == 0, "CPU %u", cpu);
	EXPECT(o->t, cpumask_equal(&cpus_online, &all), "not all are back");
	return 0;
}

TEST("cpu.hotplug", all_but_one_and_back, .cpus = 2)
{
	struct cpumask all = cpus_online;
	u32 cpu;

	operate(t, cpumask_first(&all), all_but_this); /* on another one, the boot CPU goes */
	operate(t, other_than(BOOT_CPU), all_but_this);
	for_each_cpu (cpu, &all)
		operate(t, cpu, down_and_up);
}

static int ask_for_what_cannot_be(void *arg)
{
	struct operation *o = arg;

	EXPECT_EQ(o->t, cpu_down(MAX_CPUS, 0), -ENODEV);
	EXPECT_EQ(o->t, cpu_up(MAX_CPUS), -ENODEV);
	EXPECT_EQ(o->t, cpu_down(cpu_count, 0), -ENODEV);
	EXPECT_EQ(o->t, cpu_up(cpu_count), -ENODEV);
	EXPECT_EQ(o->t, cpu_up(o->cpu), -EEXIST);
	migrate_disable();
	EXPECT_EQ(o->t, cpu_down(cpu_id, 0), -EDEADLK);
	EXPECT_EQ(o->t, cpu_down(o->cpu, 0), -EDEADLK);
	EXPECT_EQ(o->t, cpu_up(o->cpu), -EDEADLK);
	migrate_enable();
	EXPECT_EQ(o->t, cpu_down(o->cpu, 0), 0);
	EXPECT_EQ(o->t, cpu_down(o->cpu, 0), -ENODEV);
	EXPECT_EQ(o->t, cpu_up(o->cpu), 0);
	check_works(o);
	return 0;
}

TEST("cpu.hotplug", what_cannot_be_is_an_error, .cpus = 2)
{
	operate_on_some(t, ask_for_what_cannot_be);
}

static int sleep_long(void *arg)
{
	sleep_ns(10 * A_MOMENT);
	*(bool *)arg = true;
	return 0;
}

/* A thread that sleeps there wakes, and a call made meanwhile leaves the CPU out. */
static int leave_a_sleeper(void *arg)
{
	struct operation *o = arg;
	bool woke = false;
	struct thread *sleeper = start_thread(o->t, o->cpu, "sleeper", sleep_long, &woke);

	if (sleeper == NULL)
		return 0;
	sleep_ns(A_MOMENT); /* its timer is on that CPU */
	EXPECT_EQ(o->t, cpu_down(o->cpu, 0), 0);
	thread_join(sleeper); /* before the CPU is back */
	EXPECT(o->t, woke, "the sleeper did not wake");
	EXPECT_EQ(o->t, cpu_up(o->cpu), 0);
	check_works(o);
	return 0;
}

TEST("cpu.hotplug", sleepers_wake, .cpus = 2)
{
	operate_on_some(t, leave_a_sleeper);
}

/* --- waking the boot CPU ---------------------------------------------------------------------- */

extern const u8 halt_until[], halt_until_halted[]; /* arch/x86_64/halt.asm */

#define HLT_LENGTH 1

/* An NMI at any instruction before the HLT has ended it tests again. */
TEST("cpu.hotplug", nmi_is_not_slept_over)
{
	u64 begin = (u64)halt_until, halted = (u64)halt_until_halted;
	struct trapframe f = { .rip = begin - 1 };

	smp_nmi(&f);
	EXPECT_EQ(t, f.rip, begin - 1);
	f.rip = halted - HLT_LENGTH;
	smp_nmi(&f);
	EXPECT_EQ(t, f.rip, begin);
	f.rip = halted;
	smp_nmi(&f);
	EXPECT_EQ(t, f.rip, halted);
}
