/* SPDX-License-Identifier: MIT */
/*
 * tests/user_fuzz.c - tasks call anything with any arguments (user/bin/fuzz.c) on all CPUs until
 * they are killed, and all is given back.
 *
 *	tools/run --smp 4 --timeout 700 --append 'test=user.fuzz stress=600'
 */
#include "arch/x86_64/time.h"
#include "kernel/abi.h"
#include "kernel/console.h"
#include "kernel/system.h"
#include "lib/err.h"
#include "lib/rand.h"
#include "tests/storm.h"
#include "tests/user_check.h"

#define ROUNDS	      8u
#define TASKS	      4u
#define PAGES	      800u
#define ROUND_SPAN_NS (60 * NS_PER_MS)

/* With a handle of the system, to look and to draw only.  NULL: it cannot be. */
static struct task *start_one(struct test *t, u64 seed)
{
	struct task *task = user_check_load(t, "fuzz", PAGES);

	if (task == NULL)
		return NULL;
	EXPECT_EQ(t,
		  user_task_give(t, task, &system_object,
				 RIGHT_INSPECT | RIGHT_SCREEN | RIGHT_DUPLICATE),
		  HANDLE_FIRST);
	user_check_start(t, task, seed);
	return task;
}

static void end_all(struct task *const task[], u64 tasks, u64 first)
{
	for (u32 i = 0; i < TASKS; i++) {
		task_kill(task[i]);
		(void)user_task_end(task[i]); /* of whichever thread ended last */
	}
	user_end_all_above(first, tasks);
}

static bool one_round(struct test *t, struct rand *r, void *unused)
{
	u64 tasks = task_count(), first = user_last_id();
	struct task *task[TASKS];

	(void)unused;
	for (u32 i = 0; i < TASKS; i++) {
		task[i] = start_one(t, rand_next(r));
		if (task[i] == NULL)
			return false; /* the run has failed: what is there stays */
	}
	sleep_ns(rand_below(r, ROUND_SPAN_NS));
	end_all(task, tasks, first);
	return true;
}

TEST("user.fuzz", any_call_with_any_arguments)
{
	user_check_rounds(t, ROUNDS, one_round);
	EXPECT(t, console_screen_is_shown(), "the screen is not as the kernel left it");
}
