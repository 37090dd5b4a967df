/* SPDX-License-Identifier: MIT */
/*
 * tests/user_kill.c - tasks are killed at any moment of a call: before it is taken, while it is,
 * before and while it is answered.
 *
 * Each round has tasks of its own, and kills the callers after a time that the seed decides.  A
 * round that does not end is a caller that nobody told, or that waits for an answer that
 * nobody gives any more.
 */
#include "arch/x86_64/time.h"
#include "kernel/abi.h"
#include "lib/err.h"
#include "lib/rand.h"
#include "tests/storm.h"
#include "tests/user_pair.h"

USER_PROGRAM(client);
USER_PROGRAM(server);
USER_PROGRAM(calls_once);
USER_PROGRAM(takes_and_spins);

#define ROUNDS	     30u
#define KILL_SPAN_NS (400 * NS_PER_US)
#define CALLERS	     4u
#define RECEIVERS    2u
#define FOR_EVER     0xffffffffull /* calls */

static void start(struct test *t, struct task *task, u64 arg, u32 n)
{
	for (u32 i = 0; i < n; i++)
		user_task_start(t, task, arg, ANY_USER_CPU);
}

static void kill_after_a_while(struct test *t, struct rand *r, struct task *task)
{
	time_spin_ns(rand_below(r, KILL_SPAN_NS));
	task_kill(task);
	EXPECT_EQ(t, user_task_end(task), -EINTR);
}

static bool round_of_callers(struct test *t, struct rand *r, void *arg)
{
	struct user_pair *p = arg;

	start(t, p->client, p->call | FOR_EVER << 32, CALLERS);
	kill_after_a_while(t, r, p->client);
	p->client = user_task(t, "client", USER_CODE(client));
	if (p->client != NULL)
		p->call = user_task_handle(t, p->client, p->ep, RIGHT_CALL);
	return p->client != NULL;
}

/* The receivers go on, for the next round's callers. */
TEST("user.kill", callers_of_who_answers)
{
	struct user_pair p;

	if (!user_pair_make(t, &p, USER_CODE(client), USER_CODE(server)))
		return;
	kobj_get(&p.ep->kobj);
	start(t, p.server, p.receive, RECEIVERS);
	storm_rounds(t, ROUNDS, round_of_callers, &p);
	if (p.client != NULL)
		kobj_put(&p.client->kobj);
	EXPECT_EQ(t, handle_close(&p.server->handles, p.receive), 0);
	EXPECT_EQ(t, user_task_end(p.server), 0);
	kobj_put(&p.ep->kobj);
}

static bool round_without_answers(struct test *t, struct rand *r, void *unused)
{
	struct user_pair p;

	(void)unused;
	if (!user_pair_make(t, &p, USER_CODE(calls_once), USER_CODE(takes_and_spins)))
		return false;
	start(t, p.client, p.call, CALLERS);
	start(t, p.server, p.receive, RECEIVERS);
	kill_after_a_while(t, r, p.client);
	task_kill(p.server);
	EXPECT_EQ(t, user_task_end(p.server), -EINTR);
	return true;
}

/* One call is taken by each receiver, and none is answered. */
TEST("user.kill", callers_of_who_never_answers)
{
	storm_rounds(t, ROUNDS, round_without_answers, NULL);
}
