/* SPDX-License-Identifier: MIT */
/*
 * tests/user_limits.c - what a task may use has an end, and who uses it up leaves others theirs.
 */
#include "lib/err.h"
#include "mm/budget.h"
#include "tests/user_check.h"
#include "tests/user_memory.h"

USER_PROGRAM(touches_on);

#define GREEDY	     4u
#define GREEDY_PAGES 500ul
#define PLACE	     0x600000ul
#define ENDLESS	     (64 * MIB)
#define SLACK	     300u /* PGDs, slabs and pages that CPUs keep */

TEST("user.limits", what_there_is_of_each)
{
	user_check_often(t, "check_limits", NULL, 0);
}

TEST("user.limits", a_tree_has_one)
{
	user_check_often(t, "check_budget", NULL, 0);
}

static struct task *start_greedy(struct test *t)
{
	struct task *task = task_create_limited("greedy", GREEDY_PAGES, NULL);

	EXPECT(t, task != NULL, "no memory for a task");
	if (task == NULL)
		return NULL;
	EXPECT(t, user_task_fill(task, USER_CODE(touches_on)), "no memory for a program");
	EXPECT_EQ(t, map_anon(task->mm, PLACE, ENDLESS, RW), 0);
	user_task_start(t, task, PLACE, ANY_USER_CPU);
	return task;
}

/* Each takes until it gets no more, and keeps it: another's program runs as ever. */
TEST("user.limits", greedy_tasks_leave_others_theirs)
{
	u64 tasks = task_count(), before, after, taken;
	struct task *greedy[GREEDY];
	u32 n = 0;

	user_check(t, "hello", NULL, 0);
	before = user_pages_left(tasks);
	while (n < GREEDY && (greedy[n] = start_greedy(t)) != NULL)
		n++;
	for (u32 i = 0; i < n; i++) {
		EXPECT_EQ(t, task_wait(greedy[i]), -ENOMEM);
		EXPECT(t, greedy[i]->budget->used > GREEDY_PAGES - THREAD_PAGES - PT_LEVEL_TOP,
		       "%lu of %lu pages used", greedy[i]->budget->used, GREEDY_PAGES);
	}
	after = user_pages_left(tasks + n);
	taken = before - after;
	EXPECT(t, taken <= n * GREEDY_PAGES + SLACK, "%u tasks took %lu pages", n, taken);
	test_note("%u tasks of %lu pages have taken %lu", n, GREEDY_PAGES, taken);
	user_check(t, "hello", NULL, 0);
	for (u32 i = 0; i < n; i++)
		kobj_put(&greedy[i]->kobj);
}
