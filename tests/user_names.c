/* SPDX-License-Identifier: MIT */
/*
 * tests/user_names.c - the names server and programs that call it: one that checks all it can be
 * asked, and some that ask anything, while it and they are killed at any moment.
 */
#include "arch/x86_64/time.h"
#include "kernel/abi.h"
#include "kernel/ipc.h"
#include "lib/err.h"
#include "tests/storm.h"
#include "tests/user_check.h"

#define STORM	     (1ul << 32) /* of check_names */
#define PAGES	     2048u
#define CLIENTS	     3u
#define ROUNDS	     10u
#define KILL_SPAN_NS (20 * NS_PER_MS)

/* A task with @name and a handle of @ep; NULL: none. */
static struct task *load(struct test *t, const char *name, struct endpoint *ep, u32 rights)
{
	struct task *task = user_check_load(t, name, PAGES);

	if (task != NULL)
		EXPECT_EQ(t, user_task_give(t, task, &ep->kobj, rights), HANDLE_FIRST);
	return task;
}

/* The server's; NULL: none.  The endpoint is the caller's to drop. */
static struct task *start_server(struct test *t, struct endpoint **ep)
{
	struct task *server;

	*ep = endpoint_create();
	if (*ep == NULL)
		return NULL;
	server = load(t, "names", *ep, RIGHT_RECEIVE);
	if (server != NULL)
		user_check_start(t, server, 0);
	else
		kobj_put(&(*ep)->kobj);
	return server;
}

static void kill_and_wait(struct test *t, struct task *task)
{
	s64 status;

	task_kill(task);
	status = user_task_end(task);
	EXPECT(t, status == -EINTR || status == -EPIPE, "it ended with %ld", status);
}

TEST("user.names", calls_of_all_kinds)
{
	struct endpoint *ep;
	struct task *server = start_server(t, &ep), *client;

	if (server == NULL)
		return;
	client = load(t, "check_names", ep, RIGHT_CALL | RIGHT_DUPLICATE);
	if (client != NULL)
		EXPECT_EQ(t, user_check_run(t, client, HANDLE_FIRST), 0);
	kill_and_wait(t, server);
	kobj_put(&ep->kobj);
}

/* The server first, or one of those that call it. */
static bool round_of_killing(struct test *t, struct rand *r, void *unused)
{
	struct task *task[CLIENTS + 1];
	struct endpoint *ep;
	u64 first;

	(void)unused;
	task[0] = start_server(t, &ep);
	if (task[0] == NULL)
		return false;
	for (u32 i = 1; i <= CLIENTS; i++) {
		task[i] = load(t, "check_names", ep, RIGHT_CALL | RIGHT_DUPLICATE);
		if (task[i] == NULL)
			return false;
		user_check_start(t, task[i], HANDLE_FIRST | STORM);
	}
	time_spin_ns(rand_below(r, KILL_SPAN_NS));
	first = rand_below(r, CLIENTS + 1);
	for (u32 i = 0; i <= CLIENTS; i++)
		kill_and_wait(t, task[(first + i) % (CLIENTS + 1)]);
	kobj_put(&ep->kobj);
	return true;
}

TEST("user.names", killed_at_any_moment)
{
	user_check_rounds(t, ROUNDS, round_of_killing);
}
