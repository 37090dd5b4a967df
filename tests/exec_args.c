/* SPDX-License-Identifier: MIT */
/*
 * tests/exec_args.c - a program's arguments, as the kernel reads them; that they arrive is tested
 * in user mode, by user/bin/check_tasks.c.
 */
#include "kernel/exec_args.h"
#include "lib/err.h"
#include "lib/string.h"
#include "tests/harness.h"

static struct exec_args args;

static void expect_split(struct test *t, const char *line, u32 count, const char *text, size_t size)
{
	EXPECT_EQ(t, exec_args_split(&args, line), 0);
	EXPECT_EQ(t, args.count, count);
	EXPECT_EQ(t, args.size, size);
	EXPECT(t, memcmp(args.text, text, size) == 0, "the words of '%s'", line);
}

TEST("exec", words_become_arguments)
{
	expect_split(t, "", 0, "", 0);
	expect_split(t, "   ", 0, "", 0);
	expect_split(t, "ring", 1, "ring", 5);
	expect_split(t, "  ring 4000  10 ", 3, "ring\0004000\00010", 13);
}

static char line[2 * ARGS_MAX];

/* @n letters, and a blank behind each @every. */
static int split_line(size_t n, size_t every)
{
	for (size_t i = 0; i < n; i++)
		line[i] = i % every == every - 1 ? ' ' : 'x';
	line[n] = '\0';
	return exec_args_split(&args, line);
}

TEST("exec", arguments_are_bounded)
{
	EXPECT_EQ(t, split_line(ARGS_MAX - 1, ARGS_MAX), 0);
	EXPECT_EQ(t, args.size, ARGS_MAX);
	EXPECT_EQ(t, split_line(ARGS_MAX, 2 * ARGS_MAX), -E2BIG);
	EXPECT_EQ(t, split_line(2 * ARGS_COUNT_MAX, 2), 0);
	EXPECT_EQ(t, args.count, ARGS_COUNT_MAX);
	EXPECT_EQ(t, split_line(2 * ARGS_COUNT_MAX + 1, 2), -E2BIG);
	memset(args.text, 'x', ARGS_MAX);
	EXPECT_EQ(t, exec_args_check(&args, 1), -EINVAL);
	EXPECT_EQ(t, exec_args_check(&args, ARGS_MAX), -EINVAL);
	EXPECT_EQ(t, exec_args_check(&args, ARGS_MAX + 1), -E2BIG);
	EXPECT_EQ(t, exec_args_check(&args, ~0ul), -E2BIG);
	EXPECT_EQ(t, exec_args_check(&args, 0), 0);
	EXPECT_EQ(t, args.count, 0);
}
