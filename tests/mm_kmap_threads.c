/* SPDX-License-Identifier: MIT */
/*
 * tests/mm_kmap_threads.c - kmap_local: each thread has its own mappings, whatever others do on its
 * CPU, and nobody else has them.
 */
#include "arch/x86_64/migrate.h"
#include "arch/x86_64/probe.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/time.h"
#include "kernel/options.h"
#include "kernel/sched.h"
#include "tests/cpus.h"
#include "tests/pile.h"
#include "tests/storm.h"
#include "tests/threads.h"

#define SLEEP_NS      (200 * NS_PER_US)
#define STORM_THREADS 3u
#define STORM_DEPTH   (KMAP_DEPTH - 4) /* leaves some to the interrupts */

static u32 threads_left;

/* Something random with the pile, and how it gives the CPU away. */
static void storm_step(struct pile *l, struct rand *r)
{
	pile_to(l, (u32)rand_below(r, STORM_DEPTH + 1));
	switch (rand_below(r, 8)) {
	case 0:
		yield();
		break;
	case 1:
		sleep_ns(rand_below(r, SLEEP_NS));
		break;
	} /* and the tick comes in the middle of anything */
	pile_check(l);
}

struct storm_job {
	struct test *t;
	u64 end;	  /* by time_ns(), but not before .interrupted */
	bool interrupted; /* all have been, once; or nobody will be */
	u32 next;
};

static int map_in_a_storm(void *arg)
{
	struct storm_job *j = arg;
	struct rand r = test_rand(j->t);
	struct pile l;
	u64 steps = 0;

	r.state += __atomic_fetch_add(&j->next, 1, __ATOMIC_RELAXED);
	if (pile_make(&l, j->t))
		do {
			storm_step(&l, &r);
			steps++;
		} while (time_ns() < READ_ONCE(j->end) || !READ_ONCE(j->interrupted));
	pile_free(&l);
	EXPECT_EQ(j->t, l.depth, 0);
	__atomic_fetch_sub(&threads_left, 1, __ATOMIC_RELEASE);
	return steps == 0;
}

static void map_a_little(void *arg)
{
	struct pile *l = irq_pile[cpu_id];

	(void)arg;
	pile_to(l, KMAP_DEPTH - STORM_DEPTH);
	pile_check(l);
	pile_to(l, 0);
}

static int interrupt_all(void *arg)
{
	struct storm_job *j = arg;

	while (__atomic_load_n(&threads_left, __ATOMIC_ACQUIRE) != 0) {
		run_on_cpus(&cpus_online, map_a_little, NULL);
		WRITE_ONCE(j->interrupted, true);
		yield();
	}
	return 0;
}

/* Switches, ticks and interrupts at any instruction of a mapping; each task keeps its own. */
TEST("mm.kmap", threads_keep_their_mappings)
{
	u64 ns = options.stress != 0 ? options.stress * NS_PER_SEC : STORM_NS;
	struct storm_job j = { .t = t };
	struct thread *caller;

	threads_left = STORM_THREADS * cpumask_weight(&cpus_online);
	j.end = time_ns() + ns;
	if (!irq_piles_make(t))
		threads_left = 0;
	caller = start_thread(t, cpu_id, "interrupts", interrupt_all, &j);
	if (caller == NULL)
		j.interrupted = true;
	if (threads_left != 0)
		threads_on_each_cpu(t, STORM_THREADS, map_in_a_storm, &j, 0);
	if (caller != NULL)
		thread_join(caller);
	irq_piles_free();
}

static int see_that_none_is_inherited(void *arg)
{
	struct pile l;

	EXPECT_EQ((struct test *)arg, kmap_depth, 0);
	if (pile_make(&l, arg)) {
		pile_to(&l, KMAP_DEPTH);
		yield();
		pile_check(&l);
	}
	pile_free(&l);
	return 0;
}

TEST("mm.kmap", new_threads_have_none)
{
	struct pile l;

	if (pile_make(&l, t)) {
		pile_to(&l, 3);
		run_thread(t, cpu_id, see_that_none_is_inherited, t);
		pile_check(&l);
	}
	pile_free(&l);
}

/* --- whose address it is ------------------------------------------------------------------- */

struct leak {
	struct test *t;
	vaddr_t va;
	struct completion mapped, tried;
};

static int hold_asleep(void *arg)
{
	struct leak *leak = arg;
	struct pile l;

	if (pile_make(&l, leak->t)) {
		pile_to(&l, 2);
		leak->va = (vaddr_t)l.p[0];
	}
	complete(&leak->mapped);
	wait_for_completion(&leak->tried);
	pile_check(&l);
	pile_free(&l);
	return 0;
}

/* True: the holder's slots are others than this thread's. */
static bool try_anothers_address(struct test *t)
{
	struct leak leak = { .t = t };
	struct thread *holder;
	bool apart = false;
	struct pile l;

	completion_init(&leak.mapped);
	completion_init(&leak.tried);
	holder = start_thread(t, cpu_id, "holder", hold_asleep, &leak);
	if (holder == NULL)
		return false;
	wait_for_completion(&leak.mapped);
	if (pile_make(&l, t)) {
		EXPECT_EQ(t, probe_read(leak.va), PROBE_FAULT(VECTOR_PF, 0));
		pile_to(&l, 2);
		apart = CONFIG_DEBUG && holder->kmap.bias != current->kmap.bias;
		if (apart)
			EXPECT_EQ(t, probe_read(leak.va), PROBE_FAULT(VECTOR_PF, 0));
		pile_check(&l);
		pile_free(&l);
	}
	complete(&leak.tried);
	thread_join(holder);
	return apart;
}

/*
 * The address of a mapping whose task sleeps: on its CPU somebody else runs, with others.
 * Release builds have no bias.  In debug builds of two new threads one at least has another
 * than this one.
 */
TEST("mm.kmap", anothers_address_faults)
{
	bool first, second;

	if (!uses_the_window(t))
		return;
	first = try_anothers_address(t);
	second = try_anothers_address(t);
	EXPECT(t, !CONFIG_DEBUG || first || second, "all threads have the same slots");
}

static void probe_there(void *arg)
{
	struct leak *leak = arg;

	EXPECT_EQ(leak->t, probe_read(leak->va), PROBE_FAULT(VECTOR_PF, 0));
}

/* R6: no other CPU's tables have it, while it is used here. */
TEST("mm.kmap", no_other_cpu_has_it, .cpus = 2)
{
	struct leak leak = { .t = t };
	struct cpumask others = cpus_online;
	struct pile l;

	if (!uses_the_window(t))
		return;
	if (KMAP_PINS != 0) {
		test_skip(t, "this kernel has one kernel half for all CPUs");
		return;
	}
	if (pile_make(&l, t)) {
		pile_to(&l, 1);
		leak.va = (vaddr_t)l.p[0];
		migrate_disable();
		cpumask_clear(&others, cpu_id);
		run_on_cpus(&others, probe_there, &leak);
		migrate_enable();
		pile_check(&l);
	}
	pile_free(&l);
}
