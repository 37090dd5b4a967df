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

static bool one_round(struct test *t, struct rand *r, void *unused)
{
	struct task *task = user_check_load(t, "storm", STORM_PAGES);

	(void)unused;
	if (task == NULL)
		return false;
	user_check_start(t, task, rand_next(r));
	sleep_ns(rand_below(r, KILL_SPAN_NS));
	task_kill(task);
	EXPECT_EQ(t, user_task_end(task), -EINTR);
	return true;
}

TEST("user.storm", killed_at_any_moment)
{
	user_check_rounds(t, ROUNDS, one_round);
}
