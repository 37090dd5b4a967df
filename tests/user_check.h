/* SPDX-License-Identifier: MIT */
/*
 * tests/user_check.h - programs of the boot archive that check something themselves
 * (user/lib/check.h).
 */
#pragma once

#include "tests/storm.h"
#include "tests/user_task.h"

/*
 * A task with the program @name of user/bin and at most @pages, without threads.  NULL: the test is
 * skipped, since there is no archive, or has failed.
 */
struct task *user_check_load(struct test *t, const char *name, u64 pages);

/* Let its first thread begin with @arg. */
void user_check_start(struct test *t, struct task *task, u64 arg);

/* The same, and wait for the end: its status. */
int user_check_run(struct test *t, struct task *task, u64 arg);

/* Pages that are free, or kept by slots and as stacks, when there are at most @tasks tasks. */
u64 user_pages_left(u64 tasks);

/* The highest id that there is of a task. */
u64 user_last_id(void);

/* Kill what was made after the task @id, and what that makes, until there are at most @tasks. */
void user_end_all_above(u64 id, u64 tasks);

/* storm_rounds() of @round: what the first have not left in caches is all there again. */
void user_check_rounds(struct test *t, u64 rounds, storm_round *round);

/* All of it, @arg a new handle of @object's, NULL: 0; the test fails unless the status is 0. */
void user_check(struct test *t, const char *name, struct kobj *object, u32 rights);

/* The same several times; what the first has not left in caches is all there again. */
void user_check_often(struct test *t, const char *name, struct kobj *object, u32 rights);
