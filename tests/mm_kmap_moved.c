/* SPDX-License-Identifier: MIT */
/*
 * tests/mm_kmap_moved.c - kmap_local: the holder is preempted at each depth, and moved in the
 * middle of a copy.
 */
#include "arch/x86_64/migrate.h"
#include "arch/x86_64/time.h"
#include "kernel/sched.h"
#include "lib/assert.h"
#include "mm/page_alloc.h"
#include "tests/cpus.h"
#include "tests/pile.h"
#include "tests/threads.h"

#define SLEEP_NS (200 * NS_PER_US)

static u32 preempted; /* how often */

/* More urgent than the holder: all of the window, while it is preempted. */
static int map_instead(void *arg)
{
	struct pile *l = arg;

	EXPECT_EQ(l->t, kmap_depth, 0);
	pile_to(l, KMAP_DEPTH);
	pile_check(l);
	pile_to(l, 0);
	__atomic_fetch_add(&preempted, 1, __ATOMIC_RELAXED);
	return 0;
}

/* @l's holder is preempted, at once and here. */
static void be_preempted(struct pile *l, struct pile *others)
{
	u32 before = __atomic_load_n(&preempted, __ATOMIC_RELAXED);
	struct thread *urgent;

	migrate_disable();
	urgent = make_thread(l->t, cpu_id, PRIORITY_HIGH, map_instead, others);
	if (urgent != NULL) {
		thread_start(urgent);
		EXPECT_EQ(l->t, __atomic_load_n(&preempted, __ATOMIC_RELAXED), before + 1);
		thread_join(urgent);
	}
	migrate_enable();
}

TEST("mm.kmap", preempted_at_each_depth)
{
	struct pile l, others;

	if (pile_make(&l, t) && pile_make(&others, t)) {
		for (u32 depth = 0; depth <= KMAP_DEPTH; depth++) {
			pile_to(&l, depth);
			be_preempted(&l, &others);
			pile_check(&l);
		}
		while (l.depth > 0) {
			pile_pop(&l);
			be_preempted(&l, &others);
			pile_check(&l);
		}
		pile_free(&others);
	}
	pile_free(&l);
}

#define COPY_LEGS 8u /* parts of a page, between which the copy looks around */

struct copier {
	struct test *t;
	u32 leg;		  /* it has come to; written by it */
	u32 moves;		  /* made by the test */
	bool pinned;		  /* by its mappings */
	bool go;		  /* on, whether it has been moved or not */
	u32 begun, cpu;		  /* where it mapped, and where it was before it dropped */
	struct completion mapped; /* it holds both pages */
};

/*
 * One leg each time it finds itself elsewhere, or that it is told to go on: the addresses are
 * those it has had from the beginning.
 */
static void copy_in_legs(struct copier *c, u64 *to, const u64 *from)
{
	const u64 leg = PAGE_SIZE / sizeof(u64) / COPY_LEGS;
	u32 seen = 0;

	for (u64 i = 0; i < PAGE_SIZE / sizeof(u64); i++) {
		WRITE_ONCE(to[i], READ_ONCE(from[i]));
		if ((i + 1) % leg != 0)
			continue;
		WRITE_ONCE(c->leg, c->leg + 1);
		while (!c->pinned && !READ_ONCE(c->go) && READ_ONCE(c->moves) == seen)
			cpu_pause();
		seen = READ_ONCE(c->moves);
	}
	while (!READ_ONCE(c->go))
		cpu_pause();
}

static int copy_and_be_moved(void *arg)
{
	struct copier *c = arg;
	struct page *source = alloc_page(ZONE_USER), *copy = alloc_page(ZONE_USER);
	u64 *from, *to;

	EXPECT(c->t, source != NULL && copy != NULL, "out of memory");
	if (source == NULL || copy == NULL)
		panic("mm.kmap: out of memory");
	from = kmap_local_page(source);
	for (u64 i = 0; i < PAGE_SIZE / sizeof(u64); i++)
		from[i] = ~i;
	to = kmap_local_page(copy);
	c->begun = this_cpu_read(cpu_id);
	c->pinned = migrate_count != 0;
	complete(&c->mapped);
	copy_in_legs(c, to, from);
	for (u64 i = 0; i < PAGE_SIZE / sizeof(u64); i++)
		EXPECT(c->t, to[i] == ~i, "word %lu of the copy is %#lx", i, to[i]);
	c->cpu = this_cpu_read(cpu_id);
	kunmap_local(to);
	kunmap_local(from);
	EXPECT_EQ(c->t, migrate_count, 0);
	free_page(source);
	free_page(copy);
	return 0;
}

/* Across all CPUs and back to the first, until the copy is done, at least once around. */
static void move_around(struct copier *c, struct thread *thread)
{
	for (u32 round = 0; round < 1 + COPY_LEGS / cpumask_weight(&cpus_online); round++) {
		u32 cpu;

		for_each_cpu (cpu, &cpus_online) {
			struct cpumask mask = only(cpu);

			EXPECT_EQ(c->t, thread_set_affinity(thread, &mask), 0);
			EXPECT_EQ(c->t, thread->cpu, cpu);
			WRITE_ONCE(c->moves, c->moves + 1);
		}
	}
}

struct mover {
	struct copier *c;
	struct thread *thread;
	u32 to, done;
	struct completion asks;
};

static int move_one(void *arg)
{
	struct mover *m = arg;
	struct cpumask mask = only(m->to);

	complete(&m->asks);
	EXPECT_EQ(m->c->t, thread_set_affinity(m->thread, &mask), 0);
	__atomic_store_n(&m->done, 1, __ATOMIC_RELEASE);
	return 0;
}

/* The holder is pinned: who moves it waits until it has dropped both pages. */
static void ask_to_move(struct copier *c, struct thread *thread)
{
	struct mover m = { .c = c, .thread = thread, .to = cpumask_first(&cpus_online) };
	struct thread *mover;

	completion_init(&m.asks);
	mover = start_thread(c->t, m.to, "mover", move_one, &m);
	if (mover != NULL) {
		wait_for_completion(&m.asks);
		while (READ_ONCE(thread->requests.next) == &thread->requests)
			sleep_ns(SLEEP_NS);
		sleep_ns(10 * SLEEP_NS);
		EXPECT_EQ(c->t, __atomic_load_n(&m.done, __ATOMIC_ACQUIRE), 0);
		EXPECT_EQ(c->t, thread->cpu, c->begun);
	}
	WRITE_ONCE(c->go, true);
	if (mover != NULL)
		thread_join(mover);
}

/* In the middle of a copy between two mappings; R6, and R7 in the classic kernel. */
TEST("mm.kmap", holder_is_moved_in_a_copy, .cpus = 2)
{
	struct copier c = { .t = t };
	u32 first = cpumask_next(&cpus_online, cpumask_first(&cpus_online));
	struct thread *thread;

	completion_init(&c.mapped);
	thread = start_thread(t, first, "copier", copy_and_be_moved, &c);
	if (thread == NULL)
		return;
	wait_for_completion(&c.mapped);
	if (kmap_kind == KMAP_WINDOW)
		EXPECT_EQ(t, c.pinned, KMAP_PINS);
	if (c.pinned)
		ask_to_move(&c, thread);
	else
		move_around(&c, thread);
	WRITE_ONCE(c.go, true);
	thread_join(thread);
	EXPECT_EQ(t, c.begun, first);
	EXPECT_EQ(t, c.leg, COPY_LEGS);
	if (c.pinned)
		EXPECT_EQ(t, c.cpu, first);
}
