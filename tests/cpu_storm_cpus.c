/* SPDX-License-Identifier: MIT */
/*
 * tests/cpu_storm_cpus.c - see cpu_storm.h: stormers go to other CPUs and call them; meddlers
 * send them there; and the operator takes CPUs down.
 */
#include "arch/x86_64/ipi.h"
#include "arch/x86_64/migrate.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/time.h"
#include "kernel/hotplug.h"
#include "kernel/sched.h"
#include "lib/err.h"
#include "tests/cpu_storm.h"
#include "tests/hotplug.h"

#define DOWN_MAX 3u		   /* CPUs at a time */
#define SHORT_NS (100 * NS_PER_US) /* time-outs of cpu_down(): too short if it has to wait */
#define LONG_NS	 (10 * NS_PER_SEC)

static struct cpumask some_cpus(struct rand *r)
{
	struct cpumask mask = { 0 };
	u32 cpu;

	for_each_cpu (cpu, &storm.cpus)
		if (rand_below(r, 3) == 0)
			cpumask_set(&mask, cpu);
	if (cpumask_empty(&mask))
		mask = storm.cpus;
	return mask;
}

u32 some_storm_cpu(struct rand *r)
{
	u32 cpu = cpumask_first(&storm.cpus);

	for (u64 i = rand_below(r, cpumask_weight(&storm.cpus)); i > 0; i--)
		cpu = cpumask_next(&storm.cpus, cpu);
	return cpu;
}

/* -EINVAL: none of those CPUs is up. */
void act_move(struct stormer *w, u32 level)
{
	struct cpumask mask = some_cpus(&w->r);
	u32 sections = this_cpu_read(migrate_count);
	int err = thread_set_affinity(w->thread, &mask);

	(void)level;
	EXPECT(storm.t, err == -EINVAL || err == (sections != 0 ? -EBUSY : 0), "%s", err_name(err));
}

/* In an interrupt, or in its place: on top of the mappings of whoever runs. */
static void answer(void *arg)
{
	u64 *p[IN_IRQ];

	for (u32 i = 0; i < IN_IRQ; i++)
		p[i] = kmap_local_page(storm.page);
	EXPECT_EQ(storm.t, *p[IN_IRQ - 1], storm_word(STORMERS_MAX, 0, 0));
	for (u32 i = IN_IRQ; i-- > 0;)
		kunmap_local(p[i]);
	count_call(arg);
}

void act_call(struct stormer *w, u32 level)
{
	struct cpumask mask = some_cpus(&w->r);
	u32 cpu = cpumask_first(&mask);
	u64 ran = 0;

	(void)level;
	if (rand_below(&w->r, 4) == 0) {
		run_on_cpus(&mask, answer, &ran);
		EXPECT(storm.t, ran <= cpumask_weight(&mask), "%lu calls too many", ran);
	} else {
		bool runs = run_on_cpu(cpu, answer, &ran) == 0;

		EXPECT_EQ(storm.t, ran, runs);
	}
}

/* --- meddlers and the operator ------------------------------------------------------------- */

static void meddle_with(struct stormer *w, struct rand *r)
{
	struct cpumask mask = some_cpus(r);
	int err = thread_set_affinity(w->thread, &mask);

	EXPECT(storm.t, err == 0 || err == -EINVAL, "%s", err_name(err));
	/* Not above the operator's helpers, who wait for each other by yielding. */
	thread_set_priority(w->thread, PRIORITY_DEFAULT - (u32)rand_below(r, 4));
	thread_wake(w->thread);
}

int be_meddler(void *arg)
{
	struct rand *r = arg;

	do {
		meddle_with(storm.stormer[rand_below(r, storm.n)], r);
		sleep_ns(rand_below(r, A_MOMENT));
	} while (!READ_ONCE(storm.calm));
	return 0;
}

static void take_down(struct rand *r, u32 cpu)
{
	int err = cpu_down(cpu, rand_below(r, 3) == 0 ? 1 + rand_below(r, SHORT_NS) : LONG_NS);

	EXPECT(storm.t, err == 0 || err == -EBUSY || err == -ENODEV, "CPU %u: %s", cpu,
	       err_name(err)); /* -ENODEV: it is down already */
	EXPECT(storm.t, err != 0 || !cpumask_test(&cpus_online, cpu), "CPU %u is online", cpu);
	storm.downs += err == 0;
	storm.busy += err == -EBUSY;
}

static void bring_up(u32 cpu)
{
	int err = cpu_up(cpu);

	EXPECT(storm.t, err == 0 || err == -EEXIST, "CPU %u: %s", cpu, err_name(err));
	EXPECT(storm.t, cpumask_test(&cpus_online, cpu), "CPU %u is not online", cpu);
}

/* The boot CPU is the first to go. */
int be_operator(void *arg)
{
	struct rand *r = arg;
	u32 cpu = BOOT_CPU;

	do {
		for (u64 i = rand_below(r, DOWN_MAX); i > 0; i--) {
			take_down(r, cpu);
			cpu = some_storm_cpu(r);
		}
		take_down(r, cpu);
		sleep_ns(rand_below(r, 10 * A_MOMENT));
		for_each_cpu (cpu, &storm.cpus)
			if (!cpumask_test(&cpus_online, cpu))
				bring_up(cpu);
		cpu = some_storm_cpu(r);
	} while (!READ_ONCE(storm.calm));
	return 0;
}
