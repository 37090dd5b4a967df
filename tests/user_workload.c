/* SPDX-License-Identifier: MIT */
/*
 * tests/user_workload.c - the workloads of user/bin, small: each checks what came of its work; what
 * a task of a ring costs; and the end of one is the end of all.
 */
#include "kernel/exec_args.h"
#include "lib/err.h"
#include "mm/budget.h"
#include "mm/counters.h"
#include "mm/kspace.h"
#include "tests/account.h"
#include "tests/user_check.h"

#define PAGES	   8192u /* of all tasks of a workload together */
#define RING	   "ring 50 1000000"
#define RING_TASKS 50u
#define SPARE	   16u /* pages: of slabs */

/* Loads the program, with the words as its arguments.  NULL: skipped, or failed. */
static struct task *load(struct test *t, const char *words)
{
	static struct exec_args args;
	struct task *task;

	EXPECT_EQ(t, exec_args_split(&args, words), 0);
	task = user_check_load(t, args.text, PAGES);
	if (task != NULL)
		EXPECT_EQ(t, exec_args_put(task->mm, &task->image, &args), 0);
	return task;
}

static void expect_status(struct test *t, const char *words, int status)
{
	struct task *task = load(t, words);

	if (task != NULL)
		EXPECT_EQ(t, user_check_run(t, task, 0), status);
}

/*
 * Nothing is left but what was there @before.  Where many tasks end in this order or that, what
 * others have lies in a slab more or less: a page of each task would be more.
 */
static void expect_pages(struct test *t, u64 tasks, u64 before)
{
	u64 after = user_pages_left(tasks);

	EXPECT(t, after + SPARE >= before, "of %lu pages %lu are left", before, after);
}

/* A second time, nothing is left but what the first has put into caches. */
static void expect_work(struct test *t, const char *words)
{
	u64 tasks = task_count(), before;

	expect_status(t, words, 0);
	before = user_pages_left(tasks);
	expect_status(t, words, 0);
	expect_pages(t, tasks, before);
}

TEST("user.workload", pingpong)
{
	expect_work(t, "pingpong 50");
}

TEST("user.workload", ring_of_signals)
{
	expect_work(t, "ring 20 3");
	expect_work(t, "ring 2 10 signals");
}

TEST("user.workload", ring_of_calls)
{
	expect_work(t, "ring 20 3 calls");
	expect_work(t, "ring 2 5 calls");
}

TEST("user.workload", forktree)
{
	expect_work(t, "forktree 3 3");
	expect_work(t, "forktree 5 1");
}

TEST("user.workload", crowd)
{
	expect_work(t, "crowd 2 2 5");
}

TEST("user.workload", mapstorm)
{
	expect_status(t, "mapstorm 3 6", 0);
	expect_status(t, "mapstorm 1 10 77", 0);
}

/* One line, and nothing is done. */
TEST("user.workload", wrong_arguments)
{
	static const char *const wrong[] = {
		"ring 1",
		"ring 4001",
		"ring x",
		"ring -1",
		"ring 99999999999999999999",
		"ring 2 0",
		"ring 2 1 sideways",
		"ring 2 1 calls more",
		"forktree 11 16",
		"forktree 0",
		"crowd 11",
		"pingpong 0",
		"mapstorm 33",
		("mapstorm 1 1 "
		 "1111111111222222222233333333334444444444555555555566"),
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		expect_status(t, wrong[i], 1);
}

/* --- a ring that goes on ------------------------------------------------------------------------
 */

static struct task *start_ring(struct test *t, u64 tasks)
{
	struct task *task = load(t, RING);

	if (task == NULL)
		return NULL;
	user_check_start(t, task, 0);
	while (task_count() < tasks + RING_TASKS && !task_has_ended(task))
		sleep_ns(A_MOMENT);
	EXPECT(t, !task_has_ended(task), "the ring has ended");
	return task;
}

static void end_ring(struct test *t, struct task *task, u64 tasks)
{
	task_kill(task);
	EXPECT_EQ(t, user_task_end(task), -EINTR);
	(void)user_pages_left(tasks); /* waits until the others have ended too */
}

/* Its first task is killed: the next finds nobody who might signal, and so on. */
TEST("user.workload", ring_ends_with_its_first)
{
	u64 tasks = task_count(), before = 0;

	for (u32 i = 0; i < 3; i++) {
		struct task *task = start_ring(t, tasks);

		if (task == NULL)
			return;
		end_ring(t, task, tasks);
		if (i == 1)
			before = user_pages_left(tasks);
	}
	expect_pages(t, tasks, before);
}

/*
 * Stacks are those of the ring before, which are kept.  What is charged to the first is charged to
 * all: it has a limit of its own, and the others none.
 */
TEST("user.workload", ring_costs)
{
	u64 tasks = task_count(), before, taken, charged, pgds;
	struct task *task = start_ring(t, tasks);

	if (task == NULL)
		return;
	end_ring(t, task, tasks); /* caches have what they keep */
	before = user_pages_left(tasks);
	pgds = pgd_pages_now();
	task = start_ring(t, tasks);
	if (task == NULL)
		return;
	taken = before - user_pages_left(tasks + RING_TASKS);
	charged = __atomic_load_n(&task->budget->used, __ATOMIC_RELAXED);
	test_note("%u tasks: each a stack of %lu pages and %lu.%02lu others, %lu.%02lu charged; "
		  "PGDs of "
		  "all %lu",
		  RING_TASKS, KERNEL_STACK_SIZE / PAGE_SIZE, taken / RING_TASKS,
		  taken * 100 / RING_TASKS % 100, charged / RING_TASKS,
		  charged * 100 / RING_TASKS % 100, pgd_pages_now() - pgds);
	end_ring(t, task, tasks);
}
