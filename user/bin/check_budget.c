/* SPDX-License-Identifier: MIT */
/*
 * user/bin/check_budget.c - a task and those that it makes have one limit together: by forks, by
 * tasks with limits of their own, and by limits below limits.  The task has a limit, and is started
 * without arguments; those that it makes of this program are told what to do.
 */
#include "lib/string.h"
#include "user/lib/check.h"
#include "user/lib/spawn.h"
#include "user/lib/text.h"

#define RW	  (MAP_READ | MAP_WRITE)
#define PAGES	  8192ul /* more than there may be */
#define FORKS	  4u
#define ROUNDS	  3u
#define OWN_LIMIT 400ul
#define OWN_LEAST 200ul /* of those it can touch: its program and tables take the rest */
#define DEPTH	  8u	/* of limits that lie below each other */

static volatile u64 *touched; /* by all, shared with forks */

/* Touches page after page, until that ends it. */
static NORETURN void touch_all(void)
{
	s64 at = sys_map(0, 0, 0, 0, PAGES * PAGE_SIZE, RW);

	for (u64 i = 0; at > 0 && i < PAGES; i++) {
		*(volatile u64 *)((u64)at + i * PAGE_SIZE) = i;
		if (touched != NULL)
			__atomic_fetch_add(touched, 1, __ATOMIC_RELAXED);
	}
	sys_exit(at);
}

/* --- one limit ------------------------------------------------------------------------------- */

/* How many pages forks get that take all they can; each ends for want of more. */
static u64 forks_take(u32 forks)
{
	s64 child[FORKS];
	u32 n = 0;

	*touched = 0;
	while (n < forks && (child[n] = sys_fork()) > 0)
		n++;
	if (n < forks && child[n] == 0)
		touch_all();
	CHECK(n == forks || child[n] == -ENOMEM); /* the others were quicker */
	for (u32 i = 0; i < n; i++)
		CHECK_EQ(check_wait((u64)child[i]), -ENOMEM);
	return *touched;
}

/* Four get no more than one, and round after round as much. */
static void forks_share_one_limit(void)
{
	u64 alone = forks_take(1), together;

	for (u32 i = 0; i < ROUNDS; i++) {
		together = forks_take(FORKS);
		CHECK(together > alone / 2);
		CHECK(together <= alone);
	}
	CHECK_EQ(forks_take(1), alone);
}

/* --- limits below -------------------------------------------------------------------------- */

static s64 run_with_limit(char *what, u64 pages)
{
	static char name[] = "check_budget";
	char *words[] = { name, what };
	s64 task = spawn_task(words, ARRAY_SIZE(words), pages), err;

	if (task < 0)
		return task;
	err = sys_thread((u64)task, 0, 0, 0, 0, ANY_CPU);
	if (err == 0)
		return check_wait((u64)task);
	sys_close((u64)task);
	return err;
}

/* Its own holds for its forks too, and takes nothing from others' when they have ended. */
static void a_limit_of_its_own(void)
{
	static char forks[] = "forks", touch[] = "touch";
	s64 got = run_with_limit(forks, OWN_LIMIT);

	CHECK(got > (s64)OWN_LEAST && got < (s64)OWN_LIMIT);
	CHECK_EQ(run_with_limit(touch, PAGES), -ENOMEM);
	CHECK_EQ(run_with_limit(touch, 0), -ENOMEM);
	CHECK_EQ(run_with_limit(touch, 1), -ENOMEM);
}

/* How deep limits can be below this one. */
static s64 nest(u64 pages)
{
	char text[24] = "";
	s64 depth;

	for (u64 rest = pages, i = sizeof(text) - 1; rest != 0; rest /= 10)
		text[--i] = (char)('0' + rest % 10);
	for (depth = 0; text[depth] == '\0'; depth++)
		;
	depth = run_with_limit(text + depth, pages);
	return depth == -ENOMEM ? 0 : depth + 1;
}

int main(void)
{
	u64 pages;

	if (program_argc > 1 && text_number(program_argv[1], &pages))
		return (int)nest(pages - 1);
	if (program_argc > 1 && strcmp(program_argv[1], "touch") == 0)
		touch_all();
	touched = (volatile u64 *)sys_map(0, 0, 0, 0, PAGE_SIZE, RW | MAP_SHARED);
	if (program_argc > 1)
		return (int)forks_take(FORKS);
	forks_share_one_limit();
	a_limit_of_its_own();
	CHECK_EQ(nest(PAGES / 8), DEPTH - 1);
	return check_failures;
}
