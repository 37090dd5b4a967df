/* SPDX-License-Identifier: MIT */
/*
 * tests/sched_thread.c - threads begin, take turns, end, and leave nothing behind.
 */
#include "arch/x86_64/irq.h"
#include "arch/x86_64/layout.h"
#include "arch/x86_64/trap.h"
#include "kernel/sched.h"
#include "mm/kspace.h"
#include "mm/page_alloc.h"
#include "tests/cpus.h"
#include "tests/harness.h"
#include "tests/threads.h"
#include "tests/storm.h"

#define THREADS_PER_CPU 100
#define THREADS_MAX	2000 /* of all CPUs together: each has a stack */

static int return_argument(void *arg)
{
	return (int)(u64)arg;
}

static int exit_from_below(void *arg)
{
	thread_exit((int)(u64)arg);
}

static u64 pages_in_use(void)
{
	struct page_alloc_stats kernel, user;

	page_alloc_stats(ZONE_KERNEL, &kernel);
	page_alloc_stats(ZONE_USER, &user);
	return kernel.allocated + user.allocated;
}

TEST("sched.thread", status_reaches_the_joiner)
{
	u64 before = thread_count();
	u32 cpu;

	for_each_cpu (cpu, &cpus_online) {
		struct thread *a =
			start_thread(t, cpu, "test", return_argument, (void *)(u64)(cpu + 17));
		struct thread *b =
			start_thread(t, cpu, "test", exit_from_below, (void *)(u64)(cpu + 71));

		if (a == NULL || b == NULL)
			return;
		EXPECT_EQ(t, thread_join(a), cpu + 17);
		EXPECT_EQ(t, thread_join(b), cpu + 71);
	}
	EXPECT_EQ(t, thread_count(), before);
}

struct where {
	struct test *t;
	u32 cpu, ran;
};

static int look_around(void *arg)
{
	struct where *w = arg;
	struct thread *self = current;

	EXPECT_EQ(w->t, cpu_id, w->cpu);
	EXPECT_EQ(w->t, self->cpu, w->cpu);
	EXPECT_EQ(w->t, preempt_count, 0);
	EXPECT(w->t, irqs_enabled(), "interrupts are off in a new thread");
	EXPECT(w->t, !is_cpu_local((vaddr_t)&self), "stack at %p", (void *)&self);
	EXPECT(w->t, self->stack_top - (vaddr_t)&self < KERNEL_STACK_SIZE, "not its own stack");
	yield();
	EXPECT(w->t, current == self, "another thread is current");
	__atomic_fetch_add(&w->ran, 1, __ATOMIC_RELAXED);
	return 0;
}

/* All are there at the same time, on every CPU. */
TEST("sched.thread", many_on_each_cpu)
{
	static struct thread *threads[THREADS_MAX];
	static struct where where[MAX_CPUS];
	u32 each = MIN(THREADS_PER_CPU, THREADS_MAX / cpumask_weight(&cpus_online));
	bool enough = true;
	u32 cpu, n = 0;

	for_each_cpu (cpu, &cpus_online) {
		where[cpu] = (struct where){ .t = t, .cpu = cpu };
		for (u32 i = 0; i < each && enough; i++) {
			threads[n] = thread_create_on(cpu, "many", look_around, &where[cpu]);
			enough = threads[n++] != NULL;
		}
	}
	for (u32 i = 0; i < n; i++)
		if (threads[i] != NULL)
			thread_start(threads[i]);
	for (u32 i = 0; i < n; i++)
		if (threads[i] != NULL)
			thread_join(threads[i]);
	if (!enough) {
		test_skip(t, "too little memory for %u threads on each CPU", each);
		return;
	}
	for_each_cpu (cpu, &cpus_online)
		EXPECT_EQ(t, where[cpu].ran, each);
}

#define TURNS	    5u
#define TURN_TAKERS 7u

struct turns {
	struct test *t;
	u64 start;
	u32 taken[TURN_TAKERS]; /* all on one CPU */
};

struct turn_taker {
	struct turns *turns;
	u32 number;
};

/*
 * Everybody has had as many turns as I before this one, or the tick came just as it began:
 * that costs a turn, and can happen once in each period.
 */
static int take_turns(void *arg)
{
	struct turn_taker *me = arg;
	struct turns *turns = me->turns;

	for (u32 i = 0; i < TURNS; i++) {
		u64 ticks = (time_ns() - turns->start) / (10 * NS_PER_MS) + 1;

		for (u32 other = 0; other < TURN_TAKERS; other++)
			EXPECT(turns->t, READ_ONCE(turns->taken[other]) + ticks >= i,
			       "thread %u has had %u turns before turn %u of thread %u", other,
			       turns->taken[other], i, me->number);
		WRITE_ONCE(turns->taken[me->number], i + 1);
		yield();
	}
	return 0;
}

/* Who yields goes behind all who wait. */
TEST("sched.thread", yield_is_first_in_first_out)
{
	struct turns turns = { .t = t };
	struct turn_taker takers[TURN_TAKERS];
	struct thread *threads[TURN_TAKERS];

	turns.start = time_ns();
	for (u32 i = 0; i < TURN_TAKERS; i++) {
		takers[i] = (struct turn_taker){ &turns, i };
		threads[i] = start_thread(t, cpu_id, "test", take_turns, &takers[i]);
	}
	for (u32 i = 0; i < TURN_TAKERS; i++)
		if (threads[i] != NULL)
			thread_join(threads[i]);
	for (u32 i = 0; i < TURN_TAKERS; i++)
		EXPECT_EQ(t, turns.taken[i], TURNS);
}

static u32 spin_until_others_ran;

static int run_long(void *arg)
{
	(void)arg;
	while (READ_ONCE(spin_until_others_ran) == 0)
		cpu_pause();
	return 0;
}

static int run_once(void *arg)
{
	(void)arg;
	WRITE_ONCE(spin_until_others_ran, 1);
	return 0;
}

/* The tick asks a thread that runs long to let another run, from wherever that was woken. */
TEST("sched.thread", tick_asks_for_the_cpu)
{
	u32 cpu;

	for_each_cpu (cpu, &cpus_online) {
		struct thread *first, *second;

		WRITE_ONCE(spin_until_others_ran, 0);
		first = start_thread(t, cpu, "test", run_long, NULL);
		second = start_thread(t, cpu, "test", run_once, NULL);
		if (first == NULL || second == NULL)
			return;
		thread_join(first);
		thread_join(second);
	}
}

#define JOINS 2000 /* on all CPUs together, at most */

/* As soon as it is dead: it has left its stack by then. */
TEST("sched.thread", join_of_a_dead_thread)
{
	static struct storm_clock joins;
	u32 cpu;

	for_each_cpu (cpu, &cpus_online) {
		storm_clock_start(&joins, STORM_NS / cpumask_weight(&cpus_online), share_of(JOINS));
		while (storm_step_due(&joins)) {
			u64 status = joins.steps[cpu_id];
			struct thread *thread =
				start_thread(t, cpu, "test", return_argument, (void *)status);

			if (thread == NULL)
				return;
			while (READ_ONCE(thread->dead.done) == 0) /* stays until it is joined */
				if (cpu == cpu_id)
					yield();
			EXPECT(t, !thread_on_cpu(thread), "dead, and on CPU %u", cpu);
			EXPECT_EQ(t, thread_join(thread), status);
		}
	}
}

#define GENERATIONS 100

/* Two at once: of two that were given back, both are there. */
TEST("sched.thread", stacks_are_recycled)
{
	u64 pages = 0;
	u32 cpu = 0;

	for (u32 i = 0; i < GENERATIONS; i++) {
		struct thread *a = start_thread(t, cpu, "test", return_argument, (void *)(u64)i);
		struct thread *b = start_thread(t, cpu, "test", return_argument, (void *)(u64)i);

		if (a == NULL || b == NULL)
			return;
		EXPECT_EQ(t, thread_join(a), i);
		EXPECT_EQ(t, thread_join(b), i);
		if (i == 0)
			pages = pages_in_use();
		cpu = cpumask_next(&cpus_online, cpu);
		if (cpu >= MAX_CPUS)
			cpu = 0;
	}
	EXPECT_EQ(t, pages_in_use(), pages);
}

static int look_at_the_stack(void *arg)
{
	struct test *t = arg;

	for (u32 i = 0; i < 3; i++) {
		u64 flags = irq_save();

		EXPECT_EQ(t, kernel_stack_top, current->stack_top);
		irq_restore(flags);
		yield();
	}
	return 0;
}

/* Traps from user mode begin on the stack of the thread that runs. */
TEST("sched.thread", traps_begin_on_its_stack)
{
	threads_on_each_cpu(t, 2, look_at_the_stack, t, 0);
}

#define CREATED_WITHOUT_MEMORY 60

/* Take all recycled stacks, and one new one, so that a creation has to allocate. */
static vaddr_t hold_recycled_stacks(void)
{
	vaddr_t held = 0;

	for (;;) {
		u64 pages = pages_in_use();
		vaddr_t top = kspace_alloc_stack();

		if (top == 0)
			return held;
		*(vaddr_t *)(top - sizeof(vaddr_t)) = held;
		held = top;
		if (pages_in_use() > pages)
			return held;
	}
}

static void give_back_stacks(vaddr_t held)
{
	while (held != 0) {
		vaddr_t next = *(vaddr_t *)(held - sizeof(vaddr_t));

		kspace_free_stack(held);
		held = next;
	}
}

/* Let the k-th allocation fail, for each k until there is nothing left to fail. */
static struct thread *create_against_failures(struct test *t)
{
	for (u64 k = 1;; k++) {
		u64 before = thread_count();
		struct thread *thread;

		page_alloc_fail_after(k);
		thread = thread_create_on(cpu_id, "test", return_argument, NULL);
		page_alloc_fail_after(0);
		if (thread != NULL)
			return thread;
		EXPECT_EQ(t, thread_count(), before);
	}
}

/* Put one on the list of stacks to be recycled. */
static void make_a_stack(void)
{
	vaddr_t top = kspace_alloc_stack();

	if (top != 0)
		kspace_free_stack(top);
}

/* Pages that new threads take while they are there. */
static u64 pages_of_threads(struct test *t, bool failures)
{
	struct thread *threads[CREATED_WITHOUT_MEMORY];
	vaddr_t held = hold_recycled_stacks();
	u64 before = pages_in_use(), pages;

	for (u32 i = 0; i < CREATED_WITHOUT_MEMORY; i++) {
		if (i >= CREATED_WITHOUT_MEMORY / 2)
			make_a_stack(); /* then what fails is what comes after the stack */
		threads[i] = failures ? create_against_failures(t)
				      : thread_create_on(cpu_id, "test", return_argument, NULL);
	}
	pages = pages_in_use() - before;
	for (u32 i = 0; i < CREATED_WITHOUT_MEMORY; i++)
		if (threads[i] != NULL) {
			thread_start(threads[i]);
			thread_join(threads[i]);
		}
	give_back_stacks(held);
	return pages;
}

/* What a failed creation has taken serves the next one: a few tables or slabs more at most. */
TEST("sched.thread", out_of_memory_loses_nothing)
{
	u64 count = thread_count();
	u64 without = pages_of_threads(t, false);
	u64 with = pages_of_threads(t, true);

	EXPECT_EQ(t, thread_count(), count);
	EXPECT(t, with <= without + CREATED_WITHOUT_MEMORY / 8, "%lu pages, %lu without failures",
	       with, without);
}
