/* SPDX-License-Identifier: MIT */
/*
 * tests/user_fuzz.c - tasks call anything with any arguments (user/bin/fuzz.c) on all CPUs until
 * they are killed, and all is given back.
 *
 *	tools/run --smp 4 --timeout 700 --append 'test=user.fuzz stress=600'
 */
#include "arch/x86_64/time.h"
#include "kernel/abi.h"
#include "kernel/sys_task.h"
#include "lib/err.h"
#include "lib/rand.h"
#include "tests/storm.h"
#include "tests/user_check.h"

#define ROUNDS	      8u
#define WARM_ROUNDS   3u
#define TASKS	      4u
#define PAGES	      800u
#define ROUND_SPAN_NS (60 * NS_PER_MS)

/* The highest id that there is. */
static u64 last_id(void)
{
	struct task *task;
	u64 id = 0;

	while ((task = task_next(id)) != NULL) {
		id = task->id;
		kobj_put(&task->kobj);
	}
	return id;
}

/* End what was made after @id, which may have made more meanwhile. */
static void kill_all_above(u64 id)
{
	struct task *task;

	while ((task = task_next(id)) != NULL) {
		id = task->id;
		task_kill(task);
		kobj_put(&task->kobj);
	}
}

/* With a handle of the system, to look only.  NULL: it cannot be. */
static struct task *start_one(struct test *t, u64 seed)
{
	struct task *task = user_check_load(t, "fuzz", PAGES);
	struct user_start start;

	if (task == NULL)
		return NULL;
	EXPECT_EQ(t, handle_add(&task->handles, system_object(), RIGHT_INSPECT | RIGHT_DUPLICATE),
		  HANDLE_FIRST);
	start = (struct user_start){
		.rip = task->image.entry, .rsp = task->image.stack, .arg = seed, .cpu = ANY_USER_CPU
	};
	EXPECT_EQ(t, task_start_thread(task, &start), 0);
	return task;
}

/* False: it cannot be. */
static bool one_round(struct test *t, struct rand *r, u64 tasks)
{
	struct task *task[TASKS];
	u64 id = last_id();

	for (u32 i = 0; i < TASKS; i++) {
		task[i] = start_one(t, rand_next(r));
		if (task[i] == NULL)
			return false;
	}
	sleep_ns(rand_below(r, ROUND_SPAN_NS));
	for (u32 i = 0; i < TASKS; i++) {
		task_kill(task[i]);
		(void)user_task_end(task[i]); /* of whichever thread ended last */
	}
	while (task_count() > tasks) {
		kill_all_above(id);
		sleep_ns(NS_PER_MS);
	}
	return true;
}

TEST("user.fuzz", any_call_with_any_arguments)
{
	u64 tasks = task_count(), before = 0, after;
	struct rand r = test_rand(t);
	struct storm_clock clock;
	u32 rounds = 0;

	storm_start(&clock, ROUNDS);
	do {
		if (!one_round(t, &r, tasks))
			return;
		if (++rounds <= WARM_ROUNDS)
			before = user_pages_left(tasks);
	} while (rounds < WARM_ROUNDS || storm_step_due(&clock));
	after = user_pages_left(tasks);
	EXPECT_EQ(t, after, before);
	test_note("%u rounds; before and after: %lu, %lu pages free or kept", rounds, before,
		  after);
}
