/* SPDX-License-Identifier: MIT */
/*
 * user/bin/ring.c - ring [TASKS] [ROUNDS] [signals|calls]: so many tasks, each a fork of the one
 * before it, pass a token around, by notifications; or by calls, which go from the first to the
 * last and whose replies come back.
 *
 * Each has what it receives at, and may signal or call the next: no other has either.  So a task
 * that ends takes the others with it, one after the other.  All live until the last round is over.
 */
#include "user/lib/workload.h"

#define TOKEN 1u
#define READY 2u /* to the first: the ring is closed */

enum { SIGNALS, CALLS };

static const char *const ways[] = { "signals", "calls" };

static struct parameter parameters[] = { { "TASKS", 2, 4000, 100, NULL },
					 { "ROUNDS", 1, 1000000, 5, NULL },
					 { "signals|calls", SIGNALS, CALLS, SIGNALS, ways } };

static u64 tasks, rounds, way;

static struct {
	u64 number; /* in the ring */
	u64 in, out;
	u64 first; /* the first one's notification, to signal: until there is a next */
	s64 next;  /* a task; 0: this is the last */
} me;

/* --- making it ------------------------------------------------------------------------------- */

/* What the next receives at, with all rights: they go to it, and @out to this one. */
static u64 make_next(void)
{
	u64 next = workload_handle(way == CALLS ? sys_endpoint() : sys_notification(), "object");

	me.out = workload_handle(sys_duplicate(next, way == CALLS ? RIGHT_CALL : RIGHT_SIGNAL),
				 "handle");
	return next;
}

/* In the fork: it has no copy of the other's .in and .out, which cannot be duplicated. */
static void become_next(u64 next)
{
	me.in = workload_handle(sys_duplicate(next, way == CALLS ? RIGHT_RECEIVE : RIGHT_WAIT),
				"handle");
	me.number++;
	me.out = 0;
	sys_close(next);
}

/* Forks the next, which forks the next: returns in each, in the order of their numbers. */
static void take_place(void)
{
	while (me.number + 1 < tasks) {
		u64 next = make_next();

		me.next = sys_fork();
		if (me.next == 0) {
			become_next(next);
			continue;
		}
		sys_close(next);
		(void)workload_handle(me.next, "task");
		sys_close(me.first);
		return;
	}
	sys_signal(me.first, READY);
}

/* --- the token ------------------------------------------------------------------------------- */

static void await_signal(u64 wanted)
{
	u64 bits = 0;
	s64 err = sys_wait(me.in, WAIT_FOR_EVER, &bits);

	if (err != 0)
		sys_exit(err);
	CHECK_EQ(bits, wanted);
}

static void pass_signals(void)
{
	u64 out = me.number + 1 < tasks ? me.out : me.first;

	for (u64 i = 0; i < rounds; i++) {
		if (me.number != 0)
			await_signal(TOKEN);
		CHECK_EQ(sys_signal(out, TOKEN), 0);
		if (me.number == 0)
			await_signal(TOKEN);
	}
}

/* The first: each task that the call comes to adds one. */
static void call_around(void)
{
	for (u64 i = 0; i < rounds; i++) {
		struct message m = { { 0 } };

		CHECK_EQ(sys_call(me.out, &m), 0);
		CHECK_EQ(m.word[0], tasks - 1);
	}
}

/* With its last reply it waits for a signal that has come. */
static void answer_calls(void)
{
	u64 over = workload_handle(sys_notification(), "notification");
	struct message m = { { 0 } };

	CHECK_EQ(sys_bind(over, me.in), 0);
	for (u64 i = 0; i < rounds; i++) {
		s64 err = sys_reply_wait(me.in, &m);

		if (err != 0)
			sys_exit(err);
		m.word[0]++;
		if (me.number + 1 < tasks)
			CHECK_EQ(sys_call(me.out, &m), 0);
	}
	CHECK_EQ(sys_signal(over, TOKEN), 0);
	CHECK_EQ(sys_reply_wait(me.in, &m), MESSAGE_BITS);
}

static void pass(void)
{
	if (way == SIGNALS)
		pass_signals();
	else if (me.number == 0)
		call_around();
	else
		answer_calls();
}

/* How the next ended, and so all behind it. */
static void await_next(void)
{
	if (me.number + 1 < tasks)
		CHECK_EQ(check_wait((u64)me.next), 0);
}

int main(void)
{
	u64 first;

	if (!workload_begin(parameters, ARRAY_SIZE(parameters)))
		return 1;
	tasks = parameters[0].value;
	rounds = parameters[1].value;
	way = parameters[2].value;
	first = workload_handle(sys_notification(), "notification");
	me.in = workload_handle(sys_duplicate(first, RIGHT_WAIT), "handle");
	me.first = workload_handle(sys_duplicate(first, RIGHT_SIGNAL | RIGHT_DUPLICATE), "handle");
	sys_close(first);
	take_place();
	if (me.number == 0) {
		await_signal(READY);
		print("%lu tasks are alive", tasks);
		workload_start();
	}
	pass();
	await_next();
	if (me.number != 0)
		return check_failures;
	return workload_end("%lu tasks, %lu rounds, by %s", tasks, rounds, ways[way]);
}
