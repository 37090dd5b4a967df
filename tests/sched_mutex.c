/* SPDX-License-Identifier: MIT */
/*
 * tests/sched_mutex.c - mutexes exclude, go to whom they should, and lend priorities exactly.
 *
 * Most tests tell actors, threads that obey one order after the other, what to lock and
 * unlock.  Between orders each actor waits, for the next one or for a mutex, so that
 * priorities can be read at leisure.
 */
#include "arch/x86_64/time.h"
#include "kernel/mutex.h"
#include "kernel/sched.h"
#include "tests/cpus.h"
#include "tests/harness.h"
#include "tests/storm.h"
#include "tests/threads.h"

#define ACTORS	6u
#define POLL_NS (100 * NS_PER_US)

enum order { LOCK, TRYLOCK, UNLOCK, END };

struct actor {
	struct thread *thread;
	struct completion told, done;
	enum order order;
	struct mutex *mutex;
	bool got; /* what mutex_trylock() said */
};

static struct mutex first, second, third, fourth;

static int obey(void *arg)
{
	struct actor *a = arg;

	for (;;) {
		wait_for_completion(&a->told);
		if (a->order == END)
			return 0;
		if (a->order == LOCK)
			mutex_lock(a->mutex);
		else if (a->order == TRYLOCK)
			a->got = mutex_trylock(a->mutex);
		else
			mutex_unlock(a->mutex);
		complete(&a->done);
	}
}

static void init_mutexes(void)
{
	mutex_init(&first, "first", MUTEX_RANK_TEST_FIRST);
	mutex_init(&second, "second", MUTEX_RANK_TEST_SECOND);
	mutex_init(&third, "third", MUTEX_RANK_TEST_THIRD);
	mutex_init(&fourth, "fourth", MUTEX_RANK_TEST_FOURTH);
}

/* @n actors, over all CPUs, of these priorities.  False: no memory. */
static bool engage(struct test *t, struct actor *actors, u32 n, const u32 *priorities)
{
	u32 cpu = cpumask_first(&cpus_online);

	init_mutexes();
	for (u32 i = 0; i < n; i++) {
		struct actor *a = &actors[i];

		*a = (struct actor){ .order = END };
		completion_init(&a->told);
		completion_init(&a->done);
		a->thread = thread_create_on(cpu, "actor", obey, a);
		if (a->thread == NULL) {
			test_fail(t, __FILE__, __LINE__, "no memory for actor %u", i);
			return false;
		}
		thread_set_priority(a->thread, priorities[i]);
		thread_start(a->thread);
		cpu = cpumask_next(&cpus_online, cpu);
		if (cpu >= MAX_CPUS)
			cpu = cpumask_first(&cpus_online);
	}
	return true;
}

static void dismiss(struct actor *actors, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		actors[i].order = END;
		complete(&actors[i].told);
		thread_join(actors[i].thread);
	}
}

static void tell(struct actor *a, enum order order, struct mutex *m)
{
	a->order = order;
	a->mutex = m;
	complete(&a->told);
}

static void do_now(struct actor *a, enum order order, struct mutex *m)
{
	tell(a, order, m);
	wait_for_completion(&a->done);
}

/*
 * @a locks @m, which another has: returns when it waits, and all have their priorities.  That
 * is so once mutex.c's lock, under which both happen, has been taken again.
 */
static void wait_for_mutex(struct actor *a, struct mutex *m)
{
	tell(a, LOCK, m);
	while (READ_ONCE(a->thread->pi.blocked_on) != m)
		sleep_ns(POLL_NS);
	thread_set_priority(current, current->base_priority);
}

static bool is_done(struct actor *a)
{
	return wait_for_completion_timeout(&a->done, 0) == 0;
}

#define EXPECT_PRIORITY(t, a, want) EXPECT_EQ(t, READ_ONCE((a)->thread->priority), want)

TEST("sched.mutex", lends_and_takes_back)
{
	static const u32 priorities[] = { 2, 20 };
	struct actor a[2], *low = &a[0], *high = &a[1];

	if (!engage(t, a, 2, priorities))
		return;
	do_now(low, LOCK, &first);
	EXPECT_PRIORITY(t, low, 2);
	wait_for_mutex(high, &first);
	EXPECT_PRIORITY(t, low, 20);
	do_now(low, UNLOCK, &first);
	EXPECT_PRIORITY(t, low, 2);
	wait_for_completion(&high->done);
	EXPECT_PRIORITY(t, high, 20);
	do_now(high, UNLOCK, &first);
	EXPECT_EQ(t, first.owner, 0);
	dismiss(a, 2);
}

/* Three mutexes and four threads, of which each waits for the one before. */
TEST("sched.mutex", lends_along_a_chain)
{
	static const u32 priorities[] = { 1, 5, 9, 30 };
	struct actor a[4];

	if (!engage(t, a, 4, priorities))
		return;
	do_now(&a[0], LOCK, &third);
	do_now(&a[1], LOCK, &second);
	do_now(&a[2], LOCK, &first);
	wait_for_mutex(&a[1], &third);
	EXPECT_PRIORITY(t, &a[0], 5);
	wait_for_mutex(&a[2], &second);
	EXPECT_PRIORITY(t, &a[0], 9);
	EXPECT_PRIORITY(t, &a[1], 9);
	wait_for_mutex(&a[3], &first);
	for (u32 i = 0; i < 4; i++)
		EXPECT_PRIORITY(t, &a[i], 30);
	do_now(&a[0], UNLOCK, &third);
	wait_for_completion(&a[1].done);
	EXPECT_PRIORITY(t, &a[0], 1);
	EXPECT_PRIORITY(t, &a[1], 30);
	do_now(&a[1], UNLOCK, &third);
	EXPECT_PRIORITY(t, &a[1], 30);
	do_now(&a[1], UNLOCK, &second);
	wait_for_completion(&a[2].done);
	EXPECT_PRIORITY(t, &a[1], 5);
	EXPECT_PRIORITY(t, &a[2], 30);
	do_now(&a[2], UNLOCK, &second);
	do_now(&a[2], UNLOCK, &first);
	wait_for_completion(&a[3].done);
	EXPECT_PRIORITY(t, &a[2], 9);
	do_now(&a[3], UNLOCK, &first);
	dismiss(a, 4);
}

/* Who holds two has the higher of what is lent; and what is left when one is given up. */
static void hold_two(struct test *t, struct mutex *drop, u32 left)
{
	static const u32 priorities[] = { 3, 12, 25 };
	struct actor a[3];
	struct mutex *other = drop == &first ? &second : &first;

	if (!engage(t, a, 3, priorities))
		return;
	do_now(&a[0], LOCK, &first);
	do_now(&a[0], LOCK, &second);
	wait_for_mutex(&a[1], &first);
	EXPECT_PRIORITY(t, &a[0], 12);
	wait_for_mutex(&a[2], &second);
	EXPECT_PRIORITY(t, &a[0], 25);
	do_now(&a[0], UNLOCK, drop);
	EXPECT_PRIORITY(t, &a[0], left);
	do_now(&a[0], UNLOCK, other);
	EXPECT_PRIORITY(t, &a[0], 3);
	wait_for_completion(&a[1].done);
	wait_for_completion(&a[2].done);
	do_now(&a[1], UNLOCK, &first);
	do_now(&a[2], UNLOCK, &second);
	dismiss(a, 3);
}

TEST("sched.mutex", two_held_dropped_in_both_orders)
{
	hold_two(t, &first, 25);
	hold_two(t, &second, 12);
}

/* The highest first, and first come first among equals; each owner has what the rest lends. */
TEST("sched.mutex", goes_to_the_highest_who_came_first)
{
	static const u32 priorities[ACTORS] = { 1, 5, 9, 5, 9, 31 };
	static const u32 order[ACTORS] = { 0, 5, 2, 4, 1, 3 };
	static const u32 lent[ACTORS] = { 31, 31, 9, 9, 5, 5 };
	struct actor a[ACTORS];

	if (!engage(t, a, ACTORS, priorities))
		return;
	do_now(&a[0], LOCK, &first);
	for (u32 i = 1; i < ACTORS; i++)
		wait_for_mutex(&a[i], &first);
	for (u32 i = 0; i < ACTORS; i++) {
		struct actor *owner = &a[order[i]];

		if (i != 0)
			wait_for_completion(&owner->done);
		EXPECT_EQ(t, first.owner & ~1ul, owner->thread);
		EXPECT_PRIORITY(t, owner, lent[i]);
		do_now(owner, UNLOCK, &first);
		EXPECT_PRIORITY(t, owner, priorities[order[i]]);
	}
	dismiss(a, ACTORS);
}

/* One who waits already lends to the new owner with those who come later. */
TEST("sched.mutex", who_comes_later_lends_to_the_new_owner)
{
	static const u32 priorities[] = { 3, 6, 5, 20 };
	struct actor a[4];

	if (!engage(t, a, 4, priorities))
		return;
	do_now(&a[0], LOCK, &first);
	wait_for_mutex(&a[1], &first);
	wait_for_mutex(&a[2], &first);
	do_now(&a[0], UNLOCK, &first);
	wait_for_completion(&a[1].done);
	EXPECT_PRIORITY(t, &a[1], 6);
	wait_for_mutex(&a[3], &first);
	EXPECT_PRIORITY(t, &a[1], 20);
	for (u32 i = 1; i < 4; i++) {
		struct actor *owner = &a[i == 1 ? 1 : 5 - i];

		if (i != 1)
			wait_for_completion(&owner->done);
		do_now(owner, UNLOCK, &first);
	}
	dismiss(a, 4);
}

#define STRAY_WAKE_UPS 5u

/* A wake-up for something else: it does not have the mutex, and waits on. */
TEST("sched.mutex", stray_wake_ups_do_not_let_in)
{
	static const u32 priorities[] = { 4, 6 };
	struct actor a[2];

	if (!engage(t, a, 2, priorities))
		return;
	do_now(&a[0], LOCK, &first);
	wait_for_mutex(&a[1], &first);
	for (u32 i = 0; i < STRAY_WAKE_UPS; i++) {
		thread_wake(a[1].thread);
		sleep_ns(A_MOMENT);
	}
	EXPECT(t, a[1].done.done == 0, "it went on without the mutex");
	do_now(&a[0], UNLOCK, &first);
	wait_for_completion(&a[1].done);
	do_now(&a[1], UNLOCK, &first);
	dismiss(a, 2);
}

/* A waiter's own priority changes: its place, and what the owner has, change with it. */
TEST("sched.mutex", follows_base_priorities)
{
	static const u32 priorities[] = { 4, 6, 8, 10 };
	struct actor a[4];

	if (!engage(t, a, 4, priorities))
		return;
	do_now(&a[0], LOCK, &second);
	do_now(&a[1], LOCK, &first);
	wait_for_mutex(&a[1], &second);
	wait_for_mutex(&a[2], &first);
	wait_for_mutex(&a[3], &first);
	EXPECT_PRIORITY(t, &a[0], 10);
	thread_set_priority(a[2].thread, 29);
	EXPECT_PRIORITY(t, &a[1], 29);
	EXPECT_PRIORITY(t, &a[0], 29);
	thread_set_priority(a[2].thread, 7);
	EXPECT_PRIORITY(t, &a[1], 10);
	EXPECT_PRIORITY(t, &a[0], 10);
	thread_set_priority(a[0].thread, 15);
	EXPECT_PRIORITY(t, &a[0], 15);
	EXPECT_PRIORITY(t, &a[1], 10);
	thread_set_priority(a[0].thread, 1);
	EXPECT_PRIORITY(t, &a[0], 10);
	do_now(&a[0], UNLOCK, &second);
	EXPECT_PRIORITY(t, &a[0], 1);
	wait_for_completion(&a[1].done);
	do_now(&a[1], UNLOCK, &second);
	do_now(&a[1], UNLOCK, &first);
	EXPECT_PRIORITY(t, &a[1], 6);
	wait_for_completion(&a[3].done); /* 10 before 7 */
	EXPECT(t, !is_done(&a[2]), "two have it");
	do_now(&a[3], UNLOCK, &first);
	wait_for_completion(&a[2].done);
	do_now(&a[2], UNLOCK, &first);
	dismiss(a, 4);
}

/* It says who has it, needs no rank, and lends nothing. */
TEST("sched.mutex", trylock)
{
	static const u32 priorities[] = { 2, 20 };
	struct actor a[2];

	if (!engage(t, a, 2, priorities))
		return;
	do_now(&a[0], LOCK, &second);
	do_now(&a[0], TRYLOCK, &second);
	EXPECT(t, !a[0].got, "its own, twice");
	do_now(&a[0], TRYLOCK, &first);
	EXPECT(t, a[0].got, "free, of a lower rank");
	do_now(&a[1], TRYLOCK, &first);
	EXPECT(t, !a[1].got, "another's");
	EXPECT_PRIORITY(t, &a[0], 2);
	do_now(&a[0], UNLOCK, &first);
	do_now(&a[1], TRYLOCK, &first);
	EXPECT(t, a[1].got, "free");
	do_now(&a[1], UNLOCK, &first);
	do_now(&a[0], UNLOCK, &second);
	dismiss(a, 2);
}

/* --- the classic inversion --------------------------------------------------------------- */

#define SPIN_AT_MOST (2 * NS_PER_SEC)

static struct completion low_has_it, wanted;
static u32 high_had_it; /* atomic */
static bool spun_in_vain;

static int hold_it(void *arg)
{
	(void)arg;
	mutex_lock(&first);
	complete(&low_has_it);
	wait_for_completion(&wanted);
	mutex_unlock(&first);
	return 0;
}

/* On the same CPU as the one that holds the mutex, above it, until the third has had it. */
static int keep_the_cpu(void *arg)
{
	u64 end = time_ns() + SPIN_AT_MOST;

	(void)arg;
	while (__atomic_load_n(&high_had_it, __ATOMIC_ACQUIRE) == 0 && !spun_in_vain) {
		spun_in_vain = time_ns() > end;
		yield();
	}
	return 0;
}

/* @arg: the middle thread, not started. */
static int want_it(void *arg)
{
	thread_start(arg);
	complete(&wanted); /* the holder is awake from here on, and needs the CPU */
	mutex_lock(&first);
	__atomic_store_n(&high_had_it, 1, __ATOMIC_RELEASE);
	mutex_unlock(&first);
	return 0;
}

/* Low holds it, middle has the CPU for itself, high waits: high must not wait for middle. */
TEST("sched.mutex", classic_inversion)
{
	struct thread *low = make_thread(t, cpu_id, 17, hold_it, NULL);
	struct thread *middle = make_thread(t, cpu_id, 20, keep_the_cpu, NULL);
	struct thread *high = make_thread(t, cpu_id, 23, want_it, middle);

	if (test_failed(t))
		return;
	init_mutexes();
	completion_init(&low_has_it);
	completion_init(&wanted);
	high_had_it = 0;
	spun_in_vain = false;
	thread_start(low);
	wait_for_completion(&low_has_it);
	thread_start(high);
	thread_join(high);
	thread_join(middle);
	thread_join(low);
	EXPECT(t, !spun_in_vain, "the highest waited for the middle one");
}

/* --- storms ------------------------------------------------------------------------------ */

#define STORM_ROUNDS 20000 /* of all CPUs together, at most */

static struct storm_clock laps;
static struct guarded {
	u64 count; /* under its mutex, not atomic */
	u32 inside, wrong;
} guarded[2];
static u64 entered; /* atomic */

/* Under @g's mutex. */
static void be_inside(struct guarded *g, struct rand *r)
{
	g->wrong += g->inside++ != 0;
	g->count++;
	if (rand_below(r, 4) == 0)
		yield();
	g->inside--;
	__atomic_fetch_add(&entered, 1, __ATOMIC_RELAXED);
}

static void go_round(struct rand *r)
{
	switch (rand_below(r, 4)) {
	case 0:
		mutex_lock(&first);
		mutex_lock(&second);
		be_inside(&guarded[1], r);
		be_inside(&guarded[0], r);
		mutex_unlock(&second);
		mutex_unlock(&first);
		break;
	case 1:
		if (!mutex_trylock(&second))
			break;
		be_inside(&guarded[1], r);
		mutex_unlock(&second);
		break;
	case 2:
		thread_set_priority(current, PRIORITY_DEFAULT + (u32)rand_below(r, 8));
		break;
	default:
		mutex_lock(&first);
		be_inside(&guarded[0], r);
		mutex_unlock(&first);
	}
}

static int lock_all_the_time(void *arg)
{
	struct rand r = *(struct rand *)arg;
	struct thread *self = current;

	for (u32 i = 0; i < self->cpu; i++)
		rand_next(&r);
	while (storm_step_due(&laps)) {
		go_round(&r);
		if (rand_below(&r, 8) == 0)
			yield();
	}
	return READ_ONCE(self->priority) != self->base_priority;
}

TEST("sched.mutex", exclusion_storm)
{
	struct rand r = test_rand(t);

	init_mutexes();
	guarded[0] = guarded[1] = (struct guarded){ .count = 0 };
	entered = 0;
	storm_start(&laps, share_of(STORM_ROUNDS));
	threads_on_each_cpu(t, 2, lock_all_the_time, &r, 0);
	EXPECT_EQ(t, guarded[0].wrong + guarded[1].wrong, 0);
	EXPECT_EQ(t, guarded[0].count + guarded[1].count, entered);
	EXPECT_EQ(t, first.owner | second.owner, 0);
	test_note("%lu rounds, %lu times inside", storm_steps(t, &laps, &cpus_online), entered);
}
