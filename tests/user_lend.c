/* SPDX-License-Identifier: MIT */
/*
 * tests/user_lend.c - a call lends its priority (kernel/lend.h): to whom, how far, and how long;
 * so that a thread between the two does not keep the caller waiting.
 */
#include "arch/x86_64/time.h"
#include "kernel/abi.h"
#include "kernel/sched.h"
#include "lib/err.h"
#include "tests/user_pair.h"

USER_PROGRAM(client);
USER_PROGRAM(server);
USER_PROGRAM(calls_once);
USER_PROGRAM(relays);
USER_PROGRAM(spins);
USER_PROGRAM(takes_and_spins);

#define SERVER	 2u
#define BETWEEN	 3u
#define CALLER	 4u /* all below the tests' own priority: whoever spins does not stop them */
#define CALLS	 200ul
#define PATIENCE (10000 * NS_PER_MS)

/* The priority of @task's only thread. */
static u32 priority_of(struct task *task)
{
	u32 priority;

	spin_lock(&task->lock);
	priority =
		READ_ONCE(list_first(&task->threads, struct user_thread, node)->thread->priority);
	spin_unlock(&task->lock);
	return priority;
}

static void await_priority(struct test *t, struct task *task, u32 priority)
{
	u64 deadline = time_ns() + PATIENCE;

	while (priority_of(task) != priority && time_ns() < deadline)
		sleep_ns(A_MOMENT);
	EXPECT_EQ(t, priority_of(task), priority);
}

static void kill(struct test *t, struct task *task)
{
	task_kill(task);
	EXPECT_EQ(t, user_task_end(task), -EINTR);
}

/* A caller and who takes its call and keeps it; @waits: he is there first. */
static void one_call(struct test *t, bool waits)
{
	struct user_pair p;

	if (!user_pair_make(t, &p, USER_CODE(calls_once), USER_CODE(takes_and_spins)))
		return;
	if (waits) {
		user_task_start_at(t, p.server, p.receive, ANY_USER_CPU, SERVER);
		user_pair_await(&p, 0, 1);
	}
	user_task_start_at(t, p.client, p.call, ANY_USER_CPU, CALLER);
	if (!waits) {
		user_pair_await(&p, 1, 0);
		user_task_start_at(t, p.server, p.receive, ANY_USER_CPU, SERVER);
	}
	await_priority(t, p.server, CALLER);
	kill(t, p.client);
	EXPECT_EQ(t, priority_of(p.server), CALLER); /* until it replies */
	kill(t, p.server);
}

TEST("user.lend", to_who_waits)
{
	one_call(t, true);
}

TEST("user.lend", to_who_comes_later)
{
	one_call(t, false);
}

/* The receiver of a caller that has it from its own. */
TEST("user.lend", along_a_chain)
{
	struct user_pair p;
	struct endpoint *second = endpoint_create();
	struct task *last = user_task(t, "last", USER_CODE(takes_and_spins));
	u64 call, receive;

	EXPECT(t, second != NULL, "no memory for an endpoint");
	if (second == NULL || last == NULL ||
	    !user_pair_make(t, &p, USER_CODE(calls_once), USER_CODE(relays)))
		return;
	call = user_task_handle(t, p.server, second, RIGHT_CALL);
	receive = user_task_handle(t, last, second, RIGHT_RECEIVE);
	user_task_start_at(t, last, receive, ANY_USER_CPU, SERVER);
	user_task_start_at(t, p.server, p.receive | call << 32, ANY_USER_CPU, SERVER);
	user_task_start_at(t, p.client, p.call, ANY_USER_CPU, CALLER);
	await_priority(t, last, CALLER);
	EXPECT_EQ(t, priority_of(p.server), CALLER);
	kill(t, p.client);
	kill(t, p.server);
	kill(t, last);
	kobj_put(&second->kobj);
}

/* Many calls, on a CPU where somebody less urgent than the caller never stops; and back. */
TEST("user.lend", past_who_is_between)
{
	u32 cpu = cpumask_next(&cpus_active, cpu_id);
	struct task *between;
	struct user_pair p;

	if (cpu >= MAX_CPUS)
		cpu = cpu_id;
	between = user_task(t, "between", USER_CODE(spins));
	if (between == NULL || !user_pair_make(t, &p, USER_CODE(client), USER_CODE(server)))
		return;
	user_task_start_at(t, p.server, p.receive, cpu, SERVER);
	user_pair_await(&p, 0, 1);
	user_task_start_at(t, between, 0, cpu, BETWEEN);
	user_task_start_at(t, p.client, p.call | CALLS << 32, cpu, CALLER);
	for (u64 end = time_ns() + PATIENCE; !task_has_ended(p.client) && time_ns() < end;)
		sleep_ns(A_MOMENT);
	EXPECT(t, task_has_ended(p.client), "the caller still waits");
	kill(t, between);
	EXPECT_EQ(t, user_task_end(p.client), 0);
	await_priority(t, p.server, SERVER);
	EXPECT_EQ(t, handle_close(&p.server->handles, p.receive), 0);
	EXPECT_EQ(t, user_task_end(p.server), 0);
}
