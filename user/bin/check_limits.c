/* SPDX-License-Identifier: MIT */
/*
 * user/bin/check_limits.c - a task that takes all it can get, of one thing after the other, each in
 * a fork: what it has may be used up, and then comes an error, or its end.
 */
#include "user/lib/check.h"

#define RW    (MAP_READ | MAP_WRITE)
#define PLACE 0x100000000000ul
#define PAGES 4096ul /* more than the task may have */

/* Touches page after page: its thread ends when there is no more. */
static void touches(void)
{
	s64 at = sys_map(0, 0, PLACE, 0, PAGES * PAGE_SIZE, RW);

	for (u64 i = 0; i < PAGES; i++)
		*(volatile u64 *)((u64)at + i * PAGE_SIZE) = i;
}

/* Page tables count: pages far from each other. */
static void touches_far_apart(void)
{
	for (u64 i = 0; i < PAGES; i++) {
		s64 at = sys_map(0, 0, PLACE + i * (1ul << 30), 0, PAGE_SIZE, RW);

		if (at < 0)
			sys_exit(1);
		*(volatile u64 *)(u64)at = i;
	}
}

/* Memory that nobody touches counts, as long as it is mapped. */
static void makes_memory(void)
{
	u64 n = 0;
	s64 memory;

	while ((memory = sys_memory(16 * PAGE_SIZE)) > 0) {
		CHECK(sys_map(0, (u64)memory, 0, 0, 16 * PAGE_SIZE, RW) > 0);
		CHECK_EQ(sys_close((u64)memory), 0);
		n++;
	}
	CHECK_EQ(memory, -ENOMEM);
	CHECK(n > 10 && n < PAGES / 16);
}

/* What is given back can be had again: by far more than it may have at once. */
static void gives_back(void)
{
	for (u64 i = 0; i < PAGES; i++) {
		s64 at = sys_map(0, 0, PLACE + i * PAGE_SIZE, 0, PAGE_SIZE, RW);

		if (at < 0)
			sys_exit(1);
		*(volatile u64 *)(u64)at = i;
		sys_unmap(0, (u64)at, PAGE_SIZE);
	}
	for (u64 i = 0; i < PAGES / 16; i++)
		CHECK_EQ(sys_close((u64)sys_memory(16 * PAGE_SIZE)), 0);
}

/* So many regions, whatever is in them. */
static void makes_regions(void)
{
	u64 n = 0;
	s64 err;

	while ((err = sys_map(0, 0, PLACE + 2 * n * PAGE_SIZE, 0, PAGE_SIZE, RW)) > 0)
		n++;
	CHECK_EQ(err, -ENOMEM);
	CHECK(n > 1000);
	CHECK_EQ(sys_unmap(0, PLACE, PAGE_SIZE), 0);
	CHECK(sys_map(0, 0, PLACE, 0, PAGE_SIZE, RW) > 0);
	CHECK_EQ(sys_protect(0, PLACE, 2 * n * PAGE_SIZE, MAP_READ), 0);
	CHECK_EQ(sys_unmap(0, PLACE, 2 * n * PAGE_SIZE), 0);
}

static void waits(u64 ep)
{
	struct message m = { { 0 } };

	sys_reply_wait(ep, &m);
	sys_exit(0);
}

static void makes_threads(void)
{
	u64 n = 0, ep = (u64)sys_endpoint(), stack = (u64)sys_map(0, 0, 0, 0, PAGE_SIZE, RW);
	s64 err;

	while ((err = sys_thread(0, (uintptr_t)waits, stack + PAGE_SIZE - 8, ep, 0, ANY_CPU)) == 0)
		n++;
	CHECK(err == -ENOSPC || err == -ENOMEM);
	CHECK(n > 40 && n < 64);
	CHECK_EQ(sys_close(ep), 0);
}

static void makes_handles(void)
{
	u64 n = 0;
	s64 handle;

	while ((handle = sys_endpoint()) > 0)
		n++;
	CHECK_EQ(handle, -ENOSPC);
	CHECK(n > 200 && n <= 256);
	CHECK_EQ(sys_fork(), -ENOSPC);
}

/* Each task has a budget of its own, not above its maker's. */
static void makes_tasks(void)
{
	u64 task = (u64)sys_task(NULL, 0, ~0ul);

	CHECK_EQ(sys_close(task), 0);
	CHECK_EQ(sys_task(NULL, 0, 1), -ENOMEM);
	CHECK_EQ(sys_task("bin/hello", 9, 10), -ENOMEM);
}

/* @expected: how a fork ends that does @act. */
static void try(void (*act)(void), s64 expected)
{
	s64 child = sys_fork();

	if (child == 0) {
		act();
		sys_exit(check_failures);
	}
	CHECK_EQ(check_wait((u64)child), expected);
}

int main(void)
{
	try(touches, -ENOMEM);
	try(touches_far_apart, -ENOMEM);
	try(makes_memory, 0);
	try(gives_back, 0);
	try(makes_regions, 0);
	try(makes_threads, 0);
	try(makes_handles, 0);
	try(makes_tasks, 0);
	return check_failures;
}
