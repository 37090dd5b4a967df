/* SPDX-License-Identifier: MIT */
/*
 * tests/user_ipc.c - calls between tasks: what arrives, on one CPU and across CPUs, and what
 * happens when either side or the endpoint ends.
 */
#include "arch/x86_64/time.h"
#include "kernel/abi.h"
#include "kernel/sched.h"
#include "lib/err.h"
#include "tests/user_memory.h"
#include "tests/user_pair.h"

USER_PROGRAM(client);
USER_PROGRAM(server);
USER_PROGRAM(calls_once);
USER_PROGRAM(takes_and_spins);
USER_PROGRAM(takes_and_ends);
USER_PROGRAM(fails_and_looks);

#define CALLS 600ul /* of all clients together */

/* @clients on CPUs that @client_cpu names, and @servers: each call is answered right. */
static void call_each_other(struct test *t, u32 clients, u32 client_cpu, u32 servers,
			    u32 server_cpu)
{
	struct user_pair p;

	if (!user_pair_make(t, &p, USER_CODE(client), USER_CODE(server)))
		return;
	for (u32 i = 0; i < servers; i++)
		user_task_start(t, p.server, p.receive, server_cpu);
	for (u32 i = 0; i < clients; i++)
		user_task_start(t, p.client, p.call | CALLS / clients << 32, client_cpu);
	EXPECT_EQ(t, user_task_end(p.client), 0);
	EXPECT_EQ(t, handle_close(&p.server->handles, p.receive), 0);
	EXPECT_EQ(t, user_task_end(p.server), 0);
}

TEST("user.ipc", on_one_cpu)
{
	call_each_other(t, 1, 0, 1, 0);
}

TEST("user.ipc", across_cpus)
{
	u32 other = cpumask_next(&cpus_active, 0);

	if (other >= MAX_CPUS)
		test_skip(t, "one CPU");
	else
		call_each_other(t, 1, 0, 1, other);
}

TEST("user.ipc", many_of_each)
{
	u32 n = cpumask_weight(&cpus_active);

	call_each_other(t, user_threads(3 * n), ANY_USER_CPU, user_threads(2 * n), ANY_USER_CPU);
}

/* A caller that waits, at the endpoint or for a reply, ends when it is told to. */
TEST("user.ipc", caller_is_killed)
{
	struct user_pair p;

	if (!user_pair_make(t, &p, USER_CODE(calls_once), USER_CODE(takes_and_spins)))
		return;
	user_task_start(t, p.client, p.call, ANY_USER_CPU);
	user_task_start(t, p.client, p.call, ANY_USER_CPU);
	user_task_start(t, p.server, p.receive, ANY_USER_CPU);
	user_pair_await(&p, 1, 0); /* and the other is taken, or about to be */
	task_kill(p.client);
	EXPECT_EQ(t, user_task_end(p.client), -EINTR);
	task_kill(p.server);
	EXPECT_EQ(t, user_task_end(p.server), -EINTR);
}

/* A receiver that waits, too. */
TEST("user.ipc", receiver_is_killed)
{
	struct user_pair p;

	if (!user_pair_make(t, &p, USER_CODE(calls_once), USER_CODE(takes_and_spins)))
		return;
	user_task_start(t, p.server, p.receive, ANY_USER_CPU);
	user_pair_await(&p, 0, 1);
	task_kill(p.server);
	EXPECT_EQ(t, user_task_end(p.server), -EINTR);
	/* And with its handles the endpoint's receivers have gone. */
	user_task_start(t, p.client, p.call, ANY_USER_CPU);
	EXPECT_EQ(t, user_task_end(p.client), -EPIPE);
}

/* Who has a call and ends without a reply fails it. */
TEST("user.ipc", receiver_ends_without_a_reply)
{
	struct user_pair p;

	if (!user_pair_make(t, &p, USER_CODE(calls_once), USER_CODE(takes_and_ends)))
		return;
	user_task_start(t, p.client, p.call, ANY_USER_CPU);
	user_task_start(t, p.server, p.receive, ANY_USER_CPU);
	EXPECT_EQ(t, user_task_end(p.server), 0);
	EXPECT_EQ(t, user_task_end(p.client), -EPIPE);
}

/* One that has gone straight to its receiver, too, and nothing of the kernel's is in its words. */
TEST("user.ipc", failed_call_has_its_words_or_none)
{
	for (u32 i = 0; i < 2; i++) {
		u32 receivers = i == 0; /* else the caller waits first */
		struct user_pair p;

		if (!user_pair_make(t, &p, USER_CODE(fails_and_looks), USER_CODE(takes_and_ends)))
			return;
		user_task_start(t, receivers ? p.server : p.client, receivers ? p.receive : p.call,
				cpu_id);
		user_pair_await(&p, !receivers, receivers);
		user_task_start(t, receivers ? p.client : p.server, receivers ? p.call : p.receive,
				cpu_id);
		EXPECT_EQ(t, user_task_end(p.server), 0);
		EXPECT_EQ(t, user_task_end(p.client), 0);
	}
}

/* The last handle to receive is closed while callers wait. */
TEST("user.ipc", endpoint_ends)
{
	struct user_pair p;

	if (!user_pair_make(t, &p, USER_CODE(calls_once), USER_CODE(takes_and_spins)))
		return;
	user_task_start(t, p.client, p.call, ANY_USER_CPU);
	user_task_start(t, p.client, p.call, ANY_USER_CPU);
	user_pair_await(&p, 2, 0);
	EXPECT_EQ(t, handle_close(&p.server->handles, p.receive), 0);
	EXPECT_EQ(t, user_task_end(p.client), -EPIPE);
	kobj_put(&p.server->kobj);
}

/* Handles of the wrong kind, without the right, closed, or made up. */
TEST("user.ipc", handles_are_checked)
{
	struct user_pair p;
	u64 again;

	if (!user_pair_make(t, &p, USER_CODE(calls_once), USER_CODE(takes_and_ends)))
		return;
	again = user_task_handle(t, p.client, p.ep, RIGHT_RECEIVE);
	EXPECT_EQ(t, handle_close(&p.client->handles, again), 0);
	EXPECT_EQ(t, handle_close(&p.client->handles, again), -EBADF);
	EXPECT_EQ(t, handle_close(&p.client->handles, p.call | 1ul << 40), -EBADF);
	EXPECT(t, user_task_handle(t, p.client, p.ep, RIGHT_RECEIVE) != again,
	       "a handle comes again");
	for (u32 i = 0; i < 4; i++) {
		const u64 bad[] = { 0, again, p.call + HANDLES_MAX, p.call | 1ul << 40 };
		u32 rights;

		EXPECT(t, handle_find_any(&p.client->handles, bad[i], &rights) == NULL,
		       "handle %#lx is good", bad[i]);
		EXPECT(t,
		       handle_find(&p.client->handles, bad[i], KOBJ_ENDPOINT, RIGHT_CALL) == NULL,
		       "handle %#lx is good", bad[i]);
	}
	EXPECT(t, handle_find(&p.client->handles, p.call, KOBJ_ENDPOINT, RIGHT_RECEIVE) == NULL,
	       "a caller may receive");
	EXPECT(t, handle_find(&p.client->handles, p.call, KOBJ_TASK, RIGHT_CALL) == NULL,
	       "an endpoint is taken for a task");
	kobj_put(&p.server->kobj);
	user_task_start(t, p.client, again, ANY_USER_CPU);
	EXPECT_EQ(t, user_task_end(p.client), -EBADF);
}
