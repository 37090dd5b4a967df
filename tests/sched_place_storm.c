/* SPDX-License-Identifier: MIT */
/*
 * tests/sched_place_storm.c - threads that sleep, spin and open migrate-disabled sections while
 * others change where they may run and how urgent they are: each stays where it must (R7).
 */
#include "arch/x86_64/migrate.h"
#include "arch/x86_64/regs.h"
#include "kernel/sched.h"
#include "lib/assert.h"
#include "lib/err.h"
#include "mm/slab.h"
#include "tests/cpus.h"
#include "tests/harness.h"
#include "tests/storm.h"

#define WANDERERS_PER_CPU 3u
#define WANDERINGS	  3000u

struct wanderer {
	struct test *t;
	struct thread *thread;
	struct rand rand;
	u64 sections, moved;
};

static struct wanderers {
	struct storm_clock clock;
	struct wanderer *each;
	u32 n;
	bool over;
} wanderers;

static struct cpumask some_cpus(struct rand *r)
{
	struct cpumask mask = { 0 };
	u32 cpu;

	for_each_cpu (cpu, &cpus_online)
		if (rand_below(r, 3) == 0)
			cpumask_set(&mask, cpu);
	cpumask_set(&mask, (u32)rand_below(r, cpumask_weight(&cpus_online)));
	return mask;
}

static void pass_time(struct rand *r)
{
	switch (rand_below(r, 4)) {
	case 0:
		yield();
		break;
	case 1:
		sleep_ns(rand_below(r, 200 * NS_PER_US));
		break;
	default:
		for (u64 i = rand_below(r, 3000); i > 0; i--)
			cpu_pause();
	}
}

/* R7, in nested sections, with time passing in each way in between. */
static void wander_in_a_section(struct wanderer *w)
{
	u32 depth = 1 + (u32)rand_below(&w->rand, 3), cpu;

	migrate_disable();
	cpu = cpu_id;
	for (u32 i = 1; i < depth; i++)
		migrate_disable();
	pass_time(&w->rand);
	EXPECT_EQ(w->t, cpu_id, cpu);
	for (u32 i = 1; i < depth; i++)
		migrate_enable();
	pass_time(&w->rand);
	EXPECT_EQ(w->t, cpu_id, cpu);
	migrate_enable();
	w->sections++;
}

static int wander(void *arg)
{
	struct wanderer *w = arg;
	u32 cpu = this_cpu_read(cpu_id);

	while (storm_step_due(&wanderers.clock)) {
		u32 now;

		if (rand_below(&w->rand, 2) == 0)
			wander_in_a_section(w);
		else
			pass_time(&w->rand);
		now = this_cpu_read(cpu_id);
		w->moved += now != cpu;
		cpu = now;
	}
	return 0;
}

/* Others change their affinity and priority meanwhile. */
static int meddle(void *arg)
{
	struct wanderer *self = arg;

	while (!READ_ONCE(wanderers.over)) {
		struct wanderer *w = &wanderers.each[rand_below(&self->rand, wanderers.n)];
		struct cpumask mask = some_cpus(&self->rand);
		int err = thread_set_affinity(w->thread, &mask);

		EXPECT(self->t, err == 0 || err == -ESRCH, "%s", err_name(err));
		thread_set_priority(w->thread,
				    PRIORITY_DEFAULT - 2 + (u32)rand_below(&self->rand, 4));
		sleep_ns(rand_below(&self->rand, 100 * NS_PER_US));
	}
	return 0;
}

#define MEDDLERS 2u

static bool make_wanderers(struct test *t, struct wanderer *w, u32 n, u32 wander_n)
{
	struct rand r = test_rand(t);

	for (u32 i = 0; i < n; i++) {
		w[i] = (struct wanderer){ .t = t };
		rand_seed(&w[i].rand, rand_next(&r));
		w[i].thread = thread_create("wanderer", i < wander_n ? wander : meddle, &w[i]);
		if (w[i].thread == NULL)
			return false;
	}
	return true;
}

TEST("sched.place", storm)
{
	u32 n = WANDERERS_PER_CPU * cpumask_weight(&cpus_online);
	struct wanderer *w = kmalloc((n + MEDDLERS) * sizeof(*w));
	u64 sections = 0, moved = 0;

	EXPECT(t, w != NULL, "no memory");
	if (w == NULL)
		return;
	wanderers = (struct wanderers){ .each = w, .n = n };
	storm_start(&wanderers.clock, share_of(WANDERINGS));
	if (!make_wanderers(t, w, n + MEDDLERS, n))
		panic("sched.place: no memory for %u threads", n);
	for (u32 i = 0; i < n + MEDDLERS; i++)
		thread_start(w[i].thread);
	/* The meddlers need them all until they are told. */
	for (u32 i = 0; i < n; i++)
		wait_for_completion(&w[i].thread->dead);
	WRITE_ONCE(wanderers.over, true);
	for (u32 i = 0; i < n; i++)
		complete(&w[i].thread->dead);
	for (u32 i = n + MEDDLERS; i-- > 0;)
		thread_join(w[i].thread);
	for (u32 i = 0; i < n; i++) {
		sections += w[i].sections;
		moved += w[i].moved;
	}
	test_note("%lu sections, %lu moves of %u threads", sections, moved, n);
	kfree(w);
}
