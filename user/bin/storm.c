/* SPDX-License-Identifier: MIT */
/*
 * user/bin/storm.c - threads that make, use and end tasks, memory and handles, by chance and for
 * ever: to be killed at any moment.  The argument is the seed.
 *
 * What they fork ends by itself, soon after this has: it has no handle to receive at the endpoint
 * that it calls, and nothing it does goes on for ever.
 */
#include "lib/rand.h"
#include "user/lib/check.h"

#define RW	  (MAP_READ | MAP_WRITE)
#define HANDLE_IN 6 /* the word of a message that is a handle */
#define CLIENTS	  2
#define SERVERS	  2
#define NS_PER_US 1000ul
#define PAGES	  8ul

static u64 ep, call; /* both, and to call alone */

/* --- one thing each ----------------------------------------------------------------------------
 */

static void map_and_touch(struct rand *rnd)
{
	u64 memory = rand_below(rnd, 2) == 0 ? (u64)sys_memory(PAGES * PAGE_SIZE) : 0;
	s64 at = sys_map(0, memory, 0, 0, PAGES * PAGE_SIZE, RW);

	for (u64 i = 0; at > 0 && i < PAGES; i += 1 + rand_next(rnd) % 3)
		*(volatile u64 *)((u64)at + i * PAGE_SIZE) = i;
	if (at > 0) {
		sys_protect(0, (u64)at + PAGE_SIZE, PAGE_SIZE, MAP_READ);
		sys_unmap(0, (u64)at, PAGES * PAGE_SIZE);
	}
	if (memory != 0)
		sys_close(memory);
}

static void call_with_handle(struct rand *rnd)
{
	u64 own = rand_below(rnd, 2) == 0 ? (u64)sys_memory(PAGE_SIZE) : (u64)sys_endpoint();
	struct message m = { { rand_next(rnd), 0, 0, 0, 0, 0, own } };

	if (sys_call_handle(call, &m) == MESSAGE_HANDLE)
		sys_close(m.word[HANDLE_IN]);
	sys_close(own);
}

static void fork_one(struct rand *rnd)
{
	s64 child = sys_fork();

	if (child == 0) {
		sys_close(ep);
		map_and_touch(rnd);
		call_with_handle(rnd);
		sys_exit(0);
	}
	if (child < 0)
		return;
	sys_task_wait((u64)child, rand_next(rnd) % (500 * NS_PER_US), NULL);
	if (rand_below(rnd, 2) == 0)
		sys_kill((u64)child);
	if (rand_below(rnd, 2) == 0)
		sys_task_wait((u64)child, WAIT_FOR_EVER, NULL);
	sys_close((u64)child);
}

/* Two that have a handle of each other, and of themselves. */
static void fork_a_circle(struct rand *rnd)
{
	s64 child = sys_fork();

	if (child == 0) {
		sys_close(ep);
		sys_yield();
		sys_exit((s64)(rand_next(rnd) % 2));
	}
	if (child < 0)
		return;
	sys_give((u64)child, (u64)child, RIGHT_CONTROL | RIGHT_DUPLICATE);
	sys_give(0, (u64)child, RIGHT_CONTROL);
	sys_close((u64)child);
}

static void make_a_task(struct rand *rnd)
{
	s64 task = sys_task(NULL, 0, 64);

	if (task < 0)
		return;
	sys_give((u64)task, call, RIGHT_CALL);
	sys_map((u64)task, 0, 1ul << 40, 0, PAGE_SIZE, RW);
	sys_thread((u64)task, 1ul << 40, 0, 0, 0, ANY_CPU); /* its first fetch is its end */
	if (rand_below(rnd, 2) == 0)
		sys_kill((u64)task);
	sys_close((u64)task);
}

/* Of all that it has forked; what is sent just now does not arrive. */
static void take_back(struct rand *rnd)
{
	sys_revoke(ep);
	if (rand_below(rnd, 2) == 0)
		sys_yield();
}

/* --- for ever ------------------------------------------------------------------------------------
 */

static void serve(u64 seed)
{
	struct message m = { { 0 } };
	struct rand rnd = { seed };
	s64 result;

	for (;;) {
		u64 own = 0;

		if (rand_next(&rnd) % 4 == 0)
			own = m.word[HANDLE_IN] = (u64)sys_memory(PAGE_SIZE);
		result = own != 0 ? sys_reply_wait_handle(ep, &m) : sys_reply_wait(ep, &m);
		if (own != 0)
			sys_close(own);
		if (result == MESSAGE_HANDLE)
			sys_close(m.word[HANDLE_IN]);
	}
}

static void use(u64 seed)
{
	static void (*const things[])(struct rand *) = {
		map_and_touch, call_with_handle, fork_one, fork_a_circle, make_a_task, take_back
	};
	struct rand rnd = { seed };

	for (;;)
		things[rand_next(&rnd) % ARRAY_SIZE(things)](&rnd);
}

int main(void)
{
	struct rand rnd = { program_arg };

	ep = (u64)sys_endpoint();
	call = (u64)sys_duplicate(ep, RIGHT_CALL | RIGHT_DUPLICATE);
	for (u32 i = 0; i < SERVERS; i++)
		check_thread(serve, rand_next(&rnd));
	for (u32 i = 0; i < CLIENTS; i++)
		check_thread(use, rand_next(&rnd));
	use(rand_next(&rnd));
	return 0;
}
