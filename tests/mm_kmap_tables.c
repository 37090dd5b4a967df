/* SPDX-License-Identifier: MIT */
/*
 * tests/mm_kmap_tables.c - kmap_local: other tables are loaded under live mappings.
 */
#include "kernel/sched.h"
#include "lib/assert.h"
#include "mm/switch.h"
#include "tests/cpus.h"
#include "tests/pile.h"
#include "tests/storm.h"
#include "tests/threads.h"
#include "tests/user_memory.h"

/*
 * The translations of x stay behind in one tag, the slots then show y, and the first tag
 * comes back without a flush (on a CPU that has tags, and keeps them).
 */
static void leave_behind(struct mm *a, struct mm *b, struct pile *x, struct pile *y)
{
	use(a);
	pile_to(x, 2);
	pile_check(x);
	use(b);
	pile_check(x);
	pile_to(x, 0);
	pile_to(y, 2);
	pile_check(y);
	use(a);
	pile_check(y);
	yield();
	pile_check(y);
	pile_to(y, 0);
	pile_to(x, 2);
	pile_check(x);
	pile_to(x, 0);
}

#define TAG_ROUNDS 40u /* of the two threads of a CPU */

static struct storm_clock rounds;

static int map_across_tags(void *arg)
{
	struct mm *a = mm_create(), *b = mm_create();
	struct pile x, y;

	if (pile_make(&x, arg) && pile_make(&y, arg))
		while (storm_step_due(&rounds))
			leave_behind(a, b, &x, &y);
	pile_free(&x);
	pile_free(&y);
	use(NULL);
	mm_put(a);
	mm_put(b);
	return 0;
}

TEST("mm.kmap", survives_another_mm)
{
	storm_clock_start(&rounds, STORM_NS, TAG_ROUNDS);
	threads_on_each_cpu(t, 2, map_across_tags, t, 0);
	storm_steps(t, &rounds, &cpus_online);
}

/* Two threads with the same slots: one leaves its translations behind in the other's tag. */
struct pair {
	struct test *t;
	struct mm *a, *b;
	struct completion left, over;
};

static int leave_for_another_mm(void *arg)
{
	struct pair *pair = arg;
	struct pile l;

	if (pile_make(&l, pair->t)) {
		use(pair->a);
		pile_to(&l, 2);
		pile_check(&l);
		use(pair->b);
	}
	complete(&pair->left);
	wait_for_completion(&pair->over);
	pile_check(&l);
	pile_free(&l);
	use(NULL);
	return 0;
}

/* The other is switched out on b: this one's mappings go up, and a is loaded. */
static int hold_meanwhile(void *arg)
{
	struct pair *pair = arg;
	struct pile l;

	use(pair->a);
	if (pile_make(&l, pair->t))
		pile_to(&l, 2);
	pile_check(&l);
	wait_for_completion(&pair->left);
	pile_check(&l);
	pile_free(&l);
	use(NULL);
	return 0;
}

TEST("mm.kmap", survives_what_another_left_behind)
{
	struct pair pair = { .t = t, .a = mm_create(), .b = mm_create() };
	struct thread *holder = make_thread(t, cpu_id, PRIORITY_DEFAULT, hold_meanwhile, &pair);
	struct thread *other =
		make_thread(t, cpu_id, PRIORITY_DEFAULT, leave_for_another_mm, &pair);

	completion_init(&pair.left);
	completion_init(&pair.over);
	ASSERT(pair.a != NULL && pair.b != NULL && holder != NULL && other != NULL,
	       "mm.kmap: out of memory");
	other->kmap.bias = holder->kmap.bias;
	thread_start(holder);
	thread_start(other); /* behind it */
	thread_join(holder);
	complete(&pair.over);
	thread_join(other);
	mm_put(pair.a);
	mm_put(pair.b);
}

struct borrower {
	struct test *t;
	struct mm *mm;
	u32 over;
	struct completion borrows;
};

/*
 * A kernel thread maps, and runs on tables that nobody keeps alive.  Before that it maps others
 * with the same slots, on what is loaded: from the second round on the neutral PGD, whose tag they
 * must not stay behind in.
 */
static int borrow_and_map(void *arg)
{
	struct borrower *b = arg;
	struct pile l, before = { .depth = 0 };

	if (pile_make(&l, b->t) && pile_make(&before, b->t)) {
		pile_to(&before, 3);
		pile_check(&before);
		use(b->mm);
		pile_to(&before, 0);
		pile_to(&l, 3);
		pile_check(&l);
		use(NULL);
		complete(&b->borrows);
		while (!__atomic_load_n(&b->over, __ATOMIC_ACQUIRE))
			pile_check(&l);
		pile_check(&l);
		pile_to(&l, 5);
		pile_check(&l);
		EXPECT(b->t, cpu_tlb.loaded == NULL, "the tables of a dead mm are loaded");
	}
	pile_free(&l);
	pile_free(&before);
	return 0;
}

/* The mm dies: its CPUs are told to load the neutral PGD, under live mappings. */
TEST("mm.kmap", survives_the_end_of_a_borrowed_mm, .cpus = 2)
{
	u32 cpu = other_than(cpu_id);

	for (u32 round = 0; round < 40 && !test_failed(t); round++) {
		struct borrower b = { .t = t, .mm = mm_create() };
		struct thread *thread;

		completion_init(&b.borrows);
		EXPECT(t, b.mm != NULL, "out of memory");
		if (b.mm == NULL)
			return;
		thread = start_thread(t, cpu, "borrower", borrow_and_map, &b);
		if (thread == NULL)
			return;
		wait_for_completion(&b.borrows);
		mm_put(b.mm);
		__atomic_store_n(&b.over, 1, __ATOMIC_RELEASE);
		thread_join(thread);
	}
}
