/* SPDX-License-Identifier: MIT */
/*
 * tests/load.c - see load.h.
 */
#include "kernel/sched.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "tests/load.h"

#define FIRST_PAGE   0x40000000ul
#define OWN_ENTRIES  8u /* top-level entries that the workers' pages lie below */
#define OWN_BYTES    (64 * KIB)
#define NUMBER_SHIFT 32

static vaddr_t page_of(u32 number)
{
	return (1 + number % OWN_ENTRIES) * TOP_ENTRY + FIRST_PAGE + number * OWN_BYTES;
}

static u64 next_word(struct worker *w)
{
	return (u64)w->number << NUMBER_SHIFT | ++w->serial;
}

bool gang_make(struct test *t, struct gang *g)
{
	struct rand r = test_rand(t);
	bool made;
	u32 cpu;

	memset(g, 0, sizeof(*g));
	g->t = t;
	cpumask_copy(&g->cpus, &cpus_online);
	g->mm = mm_create();
	made = g->mm != NULL;
	for_each_cpu (cpu, &g->cpus) {
		struct worker *w = kzalloc(sizeof(*w));

		g->worker[cpu] = w;
		if (w == NULL) {
			made = false;
			continue;
		}
		w->g = g;
		w->number = cpu;
		rand_seed(&w->r, rand_next(&r));
	}
	EXPECT(t, made, "no memory for a gang");
	return made;
}

static int work(void *arg)
{
	struct worker *w = arg;
	struct gang *g = w->g;

	use(g->mm);
	while (storm_step_due(&g->clock) && !test_failed(g->t))
		g->step(w);
	use(NULL);
	return 0;
}

void gang_start(struct gang *g, void (*step)(struct worker *w))
{
	u32 cpu;

	g->step = step;
	storm_start(&g->clock, STORM_UNBOUNDED);
	for_each_cpu (cpu, &g->cpus) {
		struct worker *w = g->worker[cpu];

		w->thread = thread_create_on(cpu, "worker", work, w);
		EXPECT(g->t, w->thread != NULL, "no memory for a thread");
	}
	for_each_cpu (cpu, &g->cpus)
		if (g->worker[cpu]->thread != NULL)
			thread_start(g->worker[cpu]->thread);
}

void gang_join(struct gang *g)
{
	u64 rounds = 0;
	u32 cpu;

	for_each_cpu (cpu, &g->cpus) {
		if (g->worker[cpu]->thread != NULL)
			thread_join(g->worker[cpu]->thread);
		rounds += g->worker[cpu]->rounds;
	}
	storm_steps(g->t, &g->clock, &g->cpus);
	test_note("%lu times mapped and unmapped", rounds);
}

void gang_end(struct gang *g)
{
	u32 cpu;

	for_each_cpu (cpu, &g->cpus)
		kfree(g->worker[cpu]);
	if (g->mm != NULL)
		mm_put(g->mm);
}

void worker_change(struct worker *w)
{
	vaddr_t va = page_of(w->number);
	struct test *t = w->g->t;
	u64 first = next_word(w), second = next_word(w);

	EXPECT_EQ(t, map_anon(w->g->mm, va, 2 * PAGE_SIZE, RW), 0);
	EXPECT_EQ(t, get(va), 0);
	EXPECT(t, put(va, first) && put(va + PAGE_SIZE, second), "no access");
	EXPECT_EQ(t, get(va), first);
	EXPECT_EQ(t, mm_unmap(w->g->mm, va, va + PAGE_SIZE), 0);
	shared_store(&w->floor, first);
	EXPECT_EQ(t, get(va), NO_VALUE);
	EXPECT_EQ(t, get(va + PAGE_SIZE), second);
	EXPECT_EQ(t, mm_unmap(w->g->mm, va, va + 2 * PAGE_SIZE), 0);
	EXPECT_EQ(t, get(va + PAGE_SIZE), NO_VALUE);
	w->rounds++;
}

/* Only the first page: the second is gone when the floor is raised, too. */
void worker_look(struct worker *w)
{
	u32 owner = worker_any_cpu(w);
	u64 floor = shared_load(&w->g->worker[owner]->floor), word = get(page_of(owner));

	EXPECT(w->g->t,
	       word == NO_VALUE || word == 0 || (word >> NUMBER_SHIFT == owner && word > floor),
	       "CPU %u reads %#lx of CPU %u, whose floor is %#lx", w->number, word, owner, floor);
}

static void count(void *arg)
{
	__atomic_fetch_add((u64 *)arg, 1, __ATOMIC_RELAXED);
}

void worker_call(struct worker *w)
{
	u64 ran = 0;

	run_on_cpus(&w->g->cpus, count, &ran);
	EXPECT_EQ(w->g->t, ran, cpumask_weight(&w->g->cpus));
}

void worker_sleep(struct worker *w)
{
	u64 until = time_ns() + rand_below(&w->r, A_MOMENT);

	sleep_until(until);
	EXPECT(w->g->t, time_ns() >= until, "CPU %u woke too early", w->number);
}

u32 worker_any_cpu(struct worker *w)
{
	u64 n = rand_below(&w->r, cpumask_weight(&w->g->cpus));
	u32 cpu = cpumask_first(&w->g->cpus);

	while (n-- > 0)
		cpu = cpumask_next(&w->g->cpus, cpu);
	return cpu;
}
