/* SPDX-License-Identifier: MIT */
/*
 * user/bin/forktree.c - forktree [DEPTH] [WIDTH]: a task forks so many, each of them as many, and
 * so on; each waits for its own to end.
 */
#include "user/lib/workload.h"

#define WIDTH_MAX 16
#define TASKS_MAX 4000

static struct parameter parameters[] = { { "DEPTH", 1, 11, 3, NULL },
					 { "WIDTH", 1, WIDTH_MAX, 3, NULL } };

static u64 width;
static u64 *forked; /* by all */

/* All of a tree but its root. */
static u64 tasks_below(u64 depth)
{
	u64 n = 0;

	for (u64 i = 0; i < depth && n <= TASKS_MAX; i++)
		n = (n + 1) * width;
	return n;
}

static void grow(u64 depth)
{
	s64 child[WIDTH_MAX];

	for (u64 i = 0; depth != 0 && i < width; i++) {
		child[i] = sys_fork();
		if (child[i] == 0) {
			grow(depth - 1);
			sys_exit(check_failures);
		}
		(void)workload_handle(child[i], "task");
		__atomic_fetch_add(forked, 1, __ATOMIC_RELAXED);
	}
	for (u64 i = 0; depth != 0 && i < width; i++)
		CHECK_EQ(check_wait((u64)child[i]), 0);
}

int main(void)
{
	u64 depth, wanted;

	if (!workload_begin(parameters, ARRAY_SIZE(parameters)))
		return 1;
	depth = parameters[0].value;
	width = parameters[1].value;
	wanted = tasks_below(depth);
	if (wanted > TASKS_MAX) {
		print("a tree of depth %lu and width %lu has more than %u tasks", depth, width,
		      TASKS_MAX);
		return 1;
	}
	forked = workload_shared(sizeof(*forked));
	grow(depth);
	CHECK_EQ(*forked, wanted);
	return workload_end("%lu forks, depth %lu, width %lu", *forked, depth, width);
}
