/* SPDX-License-Identifier: MIT */
/*
 * tests/user_storm.c - tasks that do everything are killed at any moment; all they had is given
 * back, by them and by those that they have made.
 */
#include "arch/x86_64/time.h"
#include "lib/err.h"
#include "lib/rand.h"
#include "tests/storm.h"
#include "tests/user_check.h"

#define ROUNDS	     20u
#define STORM_PAGES  2000u
#define KILL_SPAN_NS (20 * NS_PER_MS)
#define WARM_ROUNDS  3u

/* False: it cannot be. */
static bool one_round(struct test *t, struct rand *r)
{
	struct task *task = user_check_load(t, "storm", STORM_PAGES);
	struct user_start start;

	if (task == NULL)
		return false;
	start = (struct user_start){ .rip = task->image.entry,
				     .rsp = task->image.stack,
				     .arg = rand_next(r),
				     .cpu = ANY_USER_CPU };
	EXPECT_EQ(t, task_start_thread(task, &start), 0);
	sleep_ns(rand_below(r, KILL_SPAN_NS));
	task_kill(task);
	EXPECT_EQ(t, user_task_end(task), -EINTR);
	return true;
}

TEST("user.storm", killed_at_any_moment)
{
	u64 tasks = task_count(), before = 0, after;
	struct rand r = test_rand(t);
	struct storm_clock clock;
	u32 rounds = 0;

	storm_start(&clock, ROUNDS);
	do {
		if (!one_round(t, &r))
			return;
		if (++rounds <= WARM_ROUNDS)
			before = user_pages_left(tasks);
	} while (rounds < WARM_ROUNDS || storm_step_due(&clock));
	after = user_pages_left(tasks);
	EXPECT_EQ(t, after, before);
	test_note("%u rounds; before and after: %lu, %lu pages free or kept", rounds, before,
		  after);
}
