/* SPDX-License-Identifier: MIT */
/*
 * tests/user_pager_server.c - the pager and its clients (user/bin/check_pager_server.c): all that
 * they can say to each other; and all of them are killed at any moment, and nothing is lost.
 */
#include "arch/x86_64/time.h"
#include "kernel/wait.h"
#include "tests/user_check.h"

#define PAGES	2048u
#define ROUNDS	20u
#define SPAN_NS (300 * NS_PER_MS)

TEST("user.pager_server", pages_and_snapshots)
{
	user_check_often(t, "check_pager_server", NULL, 0);
}

/* The check, until it is killed somewhere; then the pager and all clients, in any order. */
static bool one_round(struct test *t, struct rand *r, void *unused)
{
	u64 tasks = task_count(), first = user_last_id();
	struct task *task = user_check_load(t, "check_pager_server", PAGES);

	(void)unused;
	if (task == NULL)
		return false;
	user_check_start(t, task, 0);
	sleep_ns(rand_below(r, SPAN_NS));
	if (rand_below(r, 2) == 0) {
		user_end_all_above(first, tasks + 1); /* ours is there until we have put it */
		(void)user_task_end(task);
	} else {
		task_kill(task);
		(void)user_task_end(task);
		user_end_all_above(first, tasks);
	}
	return true;
}

TEST("user.pager_server", all_are_killed_at_any_moment)
{
	user_check_rounds(t, ROUNDS, one_round);
}
