/* SPDX-License-Identifier: MIT */
/*
 * tests/cpu_storm.c - all of it together: threads that hold mappings, sections, mutexes and
 * address spaces, are moved and preempted anywhere, while every CPU goes and comes back.
 *
 * A stormer does one random thing inside another, three deep at most: what it holds (mappings,
 * a migrate-disabled section, a mutex, an address space with pages of its own) is there
 * unchanged behind whatever it did meanwhile.  Meddlers change the stormers' affinities and
 * priorities, and wake them for no reason.  The operator takes CPUs down, the boot CPU too,
 * and up again, with time-outs that are over soon and others that are not.
 *
 * In the end everything is as before, and accounted for: CPUs, pages, PGDs, records of slots,
 * threads, time-outs, and each time somebody rang for another.
 *
 * A wait can end: what a stormer holds is waited for by others of its kind that hold less, or
 * mutexes of lower ranks; what it waits for needs nothing of the meddlers and the operator.
 */
#include "arch/x86_64/time.h"
#include "kernel/options.h"
#include "lib/assert.h"
#include "mm/page_alloc.h"
#include "mm/slab.h"
#include "tests/account.h"
#include "tests/cpu_storm.h"
#include "tests/cpus.h"
#include "tests/hotplug.h"
#include "tests/slots.h"
#include "tests/storm.h"

#define STORMERS     3u	    /* for each CPU, but no more than there may be */
#define LIMIT_MS     240000 /* a walk of a CPU waits for whatever the others do */
#define SLOTS_SCARCE 3u	    /* fewer than places: they are stolen all the time */
#define MEDDLERS     2u
#define WARM_UP_NS   (100 * NS_PER_MS)

struct cpu_storm storm;

static void act(struct stormer *w, u32 level);

/* Whatever comes inside of what @w holds at @level. */
void act_inside(struct stormer *w, u32 level)
{
	for (u64 n = 1 + rand_below(&w->r, 2); n > 0; n--)
		act(w, level + 1);
}

/* --- who storms ----------------------------------------------------------------------------- */

static void act(struct stormer *w, u32 level)
{
	static const act_fn around[] = {
		act_map, act_map, act_section, act_lock, act_in_space,
	};
	static const act_fn within[] = {
		act_pass_time, act_pass_time, act_copy,	  act_copy,   act_renew_space, act_move,
		act_ring,      act_call,      act_listen, act_listen, act_timer,       act_child,
	};

	if (level < LEVELS && rand_below(&w->r, 3) != 0)
		around[rand_below(&w->r, ARRAY_SIZE(around))](w, level);
	else
		within[rand_below(&w->r, ARRAY_SIZE(within))](w, level);
	check_held(w);
}

static int be_stormer(void *arg)
{
	struct stormer *w = arg;
	u32 cpu = this_cpu_read(cpu_id);

	do {
		u32 now;

		act(w, 0);
		now = this_cpu_read(cpu_id);
		w->moves += now != cpu;
		cpu = now;
		w->steps++;
	} while (!READ_ONCE(storm.over));
	return 0;
}

/* --- the test --------------------------------------------------------------------------------- */

/* Nobody runs on an address space. */
static struct account account_of_all(void)
{
	on_each_cpu(give_slots_back, NULL);
	return account();
}

static struct stormer *make_stormer(u32 number, u64 seed)
{
	struct stormer *w = kzalloc(sizeof(*w));
	bool made = w != NULL;

	if (!made)
		return NULL;
	w->number = number;
	rand_seed(&w->r, seed);
	stormer_init(w);
	for (u32 n = 0; n < HELD_MAX; n++) {
		w->page[n] = storm_page(number, n);
		made = made && w->page[n] != NULL;
	}
	w->source = storm_page(number, HELD_MAX);
	w->copy = storm_page(number, HELD_MAX + 1);
	w->thread = thread_create("stormer", be_stormer, w);
	if (!made || w->source == NULL || w->copy == NULL || w->thread == NULL)
		panic("cpu.storm: no memory for stormer %u", number);
	return w;
}

static void make_all(struct rand *r)
{
	static const char *const names[] = { "first", "second", "third", "fourth" };

	storm.page = storm_page(STORMERS_MAX, 0);
	for (u32 i = 0; i < ARRAY_SIZE(storm.mutex); i++)
		mutex_init(&storm.mutex[i], names[i], MUTEX_RANK_TEST_FIRST + i);
	for (u32 i = 0; i < ARRAY_SIZE(storm.place); i++)
		if (storm.page == NULL || !mm_place_init(&storm.place[i]))
			panic("cpu.storm: no memory for address spaces");
	for (u32 i = 0; i < storm.n; i++)
		storm.stormer[i] = make_stormer(i, rand_next(r));
}

/* Nobody was lost: all have done something, and who was rung for has heard it, or can yet. */
static void end_stormers(struct test *t)
{
	u64 rung = 0, heard = 0, steps = 0, sections = 0, moves = 0;

	for (u32 i = 0; i < storm.n; i++) {
		struct stormer *w = storm.stormer[i];

		EXPECT_EQ(t, thread_join(w->thread), 0);
		EXPECT(t, w->steps != 0, "stormer %u did nothing", i);
		rung += w->rung;
		steps += w->steps;
		sections += w->sections;
		moves += w->moves;
	}
	for (u32 i = 0; i < storm.n; i++)
		heard += storm.stormer[i]->heard + storm.stormer[i]->bell.done;
	EXPECT_EQ(t, heard, rung);
	test_note("%u stormers: %lu steps, %lu sections, %lu moves, %lu rings; CPUs went %lu "
		  "times, and %lu times not",
		  storm.n, steps, sections, moves, rung, storm.downs, storm.busy);
}

static void free_all(void)
{
	for (u32 i = 0; i < storm.n; i++) {
		struct stormer *w = storm.stormer[i];

		for (u32 n = 0; n < HELD_MAX; n++)
			free_page(w->page[n]);
		free_page(w->source);
		free_page(w->copy);
		kfree(w);
	}
	for (u32 i = 0; i < ARRAY_SIZE(storm.place); i++)
		mm_put(storm.place[i].mm);
	free_page(storm.page);
}

/* Meddlers and the operator end first: they need the stormers. */
static void rage(struct test *t, struct rand *r, u64 ns)
{
	struct thread *others[MEDDLERS + 1];
	struct rand seeds[MEDDLERS + 1];

	make_all(r);
	for (u32 i = 0; i <= MEDDLERS; i++) {
		rand_seed(&seeds[i], rand_next(r));
		others[i] = i < MEDDLERS ? thread_create("meddler", be_meddler, &seeds[i])
					 : thread_create("operator", be_operator, &seeds[i]);
		if (others[i] == NULL)
			panic("cpu.storm: no memory for a thread");
	}
	for (u32 i = 0; i < storm.n; i++)
		thread_start(storm.stormer[i]->thread);
	for (u32 i = 0; i <= MEDDLERS; i++)
		thread_start(others[i]);
	sleep_ns(ns);
	WRITE_ONCE(storm.calm, true);
	for (u32 i = 0; i <= MEDDLERS; i++)
		thread_join(others[i]);
	WRITE_ONCE(storm.over, true);
	end_stormers(t);
	free_all();
}

static int do_nothing(void *arg)
{
	(void)arg;
	return 0;
}

/* As many threads as there may be at once: their stacks are kept. */
static void make_stacks(struct test *t, u32 n)
{
	struct thread **threads = kmalloc(n * sizeof(*threads));
	u32 made = 0;

	while (threads != NULL && made < n) {
		threads[made] = thread_create("stack", do_nothing, NULL);
		if (threads[made] == NULL)
			break;
		thread_start(threads[made++]);
	}
	EXPECT(t, made == n, "no memory for %u threads", n);
	while (made > 0)
		thread_join(threads[--made]);
	kfree(threads);
}

static int check_cpu(void *arg)
{
	check_works(arg);
	return 0;
}

/* The first storm is short: caches have their slabs then, threads their stacks. */
TEST("cpu.storm", nothing_is_lost, .limit_ms = LIMIT_MS)
{
	u32 n = cpumask_weight(&cpus_online), before = limit_slots(MIN(asids, SLOTS_SCARCE));
	struct cpu_storm fresh = { .t = t,
				   .n = MIN(STORMERS * n, STORMERS_MAX),
				   .cpus = cpus_online };
	struct account counted, now;
	struct rand r = test_rand(t);

	make_stacks(t, fresh.n + MEDDLERS + CHILDREN_MAX + 2);
	storm = fresh;
	rage(t, &r, WARM_UP_NS);
	counted = account_of_all();
	storm = fresh;
	rage(t, &r, options.stress != 0 ? options.stress * NS_PER_SEC : STORM_NS);
	now = account_of_all();
	expect_same_account(t, &counted, &now);
	EXPECT(t, cpumask_equal(&cpus_online, &storm.cpus), "other CPUs are online than before");
	limit_slots(before);
	if (n > 1)
		operate_on_some(t, check_cpu);
}
