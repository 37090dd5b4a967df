/* SPDX-License-Identifier: MIT */
/*
 * tests/user_notify_race.c - time limits that race with replies; and whatever has to do with
 * notifications and timers is killed, or closed, at any moment.
 *
 * Each round has tasks of its own, and ends something after a time that the seed decides.  A round
 * that does not end is a thread that nobody told.
 */
#include "arch/x86_64/irq.h"
#include "arch/x86_64/time.h"
#include "kernel/abi.h"
#include "kernel/notification.h"
#include "kernel/timer_object.h"
#include "lib/err.h"
#include "lib/rand.h"
#include "tests/account.h"
#include "tests/storm.h"
#include "tests/user_notify.h"

USER_PROGRAM(waits);
USER_PROGRAM(collects);
USER_PROGRAM(pings);
USER_PROGRAM(pongs);
USER_PROGRAM(serves_both);
USER_PROGRAM(sets_timer);
USER_PROGRAM(hurries);
USER_PROGRAM(client);
USER_PROGRAM(server);
USER_PROGRAM(takes_and_spins);

#define ROUNDS	     20u
#define SPAN_NS	     (400 * NS_PER_US)
#define HURRIED	     40ull
#define CALLERS	     5u
#define RECEIVERS    2u
#define LIMIT_SHIFTS 16u /* time limits of 64 ns to 2 ms */
#define FOR_EVER     0xffffffffull

/* --- time limits of calls -------------------------------------------------------------------- */

static u64 limit_at_random(struct rand *r)
{
	return 1ul << (16 + rand_below(r, LIMIT_SHIFTS));
}

/* CALLERS tasks of a thread each call @p's server, in a hurry: how many calls are late. */
static u64 hurry(struct test *t, struct rand *r, const struct user_pair *p)
{
	struct task *callers[CALLERS];
	u64 late = 0;

	for (u32 i = 0; i < CALLERS; i++) {
		callers[i] = user_task(t, "caller", USER_CODE(hurries));
		if (callers[i] == NULL)
			return late; /* the run has failed: what is there stays */
		user_task_start(t, callers[i],
				user_task_handle(t, callers[i], p->ep, RIGHT_CALL) |
					limit_at_random(r) | HURRIED << 32,
				ANY_USER_CPU);
	}
	for (u32 i = 0; i < CALLERS; i++) {
		int status = user_task_end(callers[i]);

		EXPECT(t, status >= 0 && (u64)status <= HURRIED, "status %d", status);
		late += (u64)status;
	}
	return late;
}

struct hurried {
	struct user_pair pair;
	u64 calls, late;
};

static bool round_of_hurry(struct test *t, struct rand *r, void *arg)
{
	struct hurried *h = arg;

	h->late += hurry(t, r, &h->pair);
	h->calls += CALLERS * HURRIED;
	return true;
}

/* Some are answered in time and some are not, and each caller knows which; the server goes on. */
TEST("user.notify", time_limit_and_reply)
{
	struct hurried h = { .calls = 0 };

	if (!user_pair_make(t, &h.pair, USER_CODE(hurries), USER_CODE(server)))
		return;
	user_task_start(t, h.pair.server, h.pair.receive, ANY_USER_CPU);
	storm_rounds(t, ROUNDS, round_of_hurry, &h);
	kobj_put(&h.pair.client->kobj);
	EXPECT_EQ(t, handle_close(&h.pair.server->handles, h.pair.receive), 0);
	EXPECT_EQ(t, user_task_end(h.pair.server), 0);
	test_note("%lu calls, %lu of them not answered in time", h.calls, h.late);
}

/* The first call is taken, the others are not; none is answered. */
static void is_not_answered(struct test *t, u32 cpu)
{
	struct user_pair p;

	if (!user_pair_make(t, &p, USER_CODE(hurries), USER_CODE(takes_and_spins)))
		return;
	user_task_start(t, p.server, p.receive, cpu);
	user_pair_await(&p, 0, 1);
	user_task_start(t, p.client, p.call | 1ul << 30 | 3ull << 32, cpu);
	EXPECT_EQ(t, user_task_end(p.client), 3);
	task_kill(p.server);
	EXPECT_EQ(t, user_task_end(p.server), -EINTR);
}

/* On one CPU, where a caller without a limit would go straight to its receiver, and elsewhere. */
TEST("user.notify", time_limit_of_who_is_not_answered)
{
	is_not_answered(t, 0);
	is_not_answered(t, ANY_USER_CPU);
}

/* Calls are taken at about the time when their limit is over, and never answered. */
static bool round_of_time_limit_of_who_is_taken(struct test *t, struct rand *r, void *unused)
{
	struct user_pair p;

	(void)unused;
	if (!user_pair_make(t, &p, USER_CODE(hurries), USER_CODE(takes_and_spins)))
		return false;
	for (u32 i = 0; i < CALLERS; i++)
		user_task_start(t, p.client, p.call | limit_at_random(r) | 1ull << 32,
				ANY_USER_CPU);
	for (u32 i = 0; i < RECEIVERS; i++)
		user_task_start(t, p.server, p.receive, ANY_USER_CPU);
	EXPECT_EQ(t, user_task_end(p.client), 1); /* each of them: it is late */
	task_kill(p.server);
	EXPECT_EQ(t, user_task_end(p.server), -EINTR);
	return true;
}

TEST("user.notify", time_limit_of_who_is_taken)
{
	storm_rounds(t, ROUNDS, round_of_time_limit_of_who_is_taken, NULL);
}

/* Of `hurries`: its call was failed by a receiver that ended. */
#define HURRIES_FAILED (-2)

/* Callers in a hurry are killed, or who answers them is, so that the last to end may have failed.
 */
static bool round_of_kill_with_time_limit(struct test *t, struct rand *r, void *unused)
{
	struct user_pair p;
	int status;

	(void)unused;
	if (!user_pair_make(t, &p, USER_CODE(hurries), USER_CODE(server)))
		return false;
	for (u32 i = 0; i < 3; i++)
		user_task_start(t, p.client, p.call | limit_at_random(r) | FOR_EVER << 32,
				ANY_USER_CPU);
	user_task_start(t, p.server, p.receive, ANY_USER_CPU);
	time_spin_ns(rand_below(r, SPAN_NS));
	if (rand_below(r, 2)) {
		task_kill(p.server);
		time_spin_ns(rand_below(r, SPAN_NS));
	}
	task_kill(p.client);
	status = user_task_end(p.client);
	EXPECT(t, status == -EINTR || status == HURRIES_FAILED, "status %d", status);
	task_kill(p.server);
	user_task_end(p.server);
	return true;
}

TEST("user.notify", kill_with_time_limit)
{
	storm_rounds(t, ROUNDS, round_of_kill_with_time_limit, NULL);
}

/* --- notifications ------------------------------------------------------------------------- */

static void end_pair(struct test *t, struct rand *r, struct user_notify_pair *p)
{
	time_spin_ns(rand_below(r, SPAN_NS));
	switch (rand_below(r, 6)) {
	case 0:
		task_kill(p->ping);
		break;
	case 1:
		task_kill(p->pong);
		break;
	case 2:
		EXPECT_EQ(t, handle_close(&p->ping->handles, p->ping_arg & 0xffff), 0);
		break;
	case 3:
		EXPECT_EQ(t, handle_close(&p->ping->handles, p->ping_arg >> 16), 0);
		break;
	case 4:
		EXPECT_EQ(t, handle_close(&p->pong->handles, p->pong_arg & 0xffff), 0);
		break;
	default:
		EXPECT_EQ(t, handle_close(&p->pong->handles, p->pong_arg >> 16), 0);
		break;
	}
	time_spin_ns(rand_below(r, SPAN_NS));
	task_kill(p->ping);
	task_kill(p->pong);
	user_task_end(p->ping);
	user_task_end(p->pong);
}

/* Who signals and who waits is killed, or loses its handle, the last of its kind. */
static bool round_of_kill_and_close(struct test *t, struct rand *r, void *unused)
{
	struct user_notify_pair p;

	(void)unused;
	if (!user_notify_pair_make(t, &p, USER_CODE(pings), USER_CODE(pongs)))
		return false;
	user_task_start(t, p.pong, p.pong_arg, ANY_USER_CPU);
	user_task_start_at(t, p.ping, p.ping_arg | FOR_EVER << 32, ANY_USER_CPU,
			   PRIORITY_DEFAULT - 1);
	end_pair(t, r, &p);
	return true;
}

TEST("user.notify", kill_and_close)
{
	storm_rounds(t, ROUNDS, round_of_kill_and_close, NULL);
}

/* Who waits is killed, and what it waits for goes with its last handle, at about the same time. */
static bool round_of_killed_and_closed(struct test *t, struct rand *r, void *unused)
{
	struct notification *n = notification_create();
	struct task *task = user_task(t, "waiter", USER_CODE(waits));
	u64 wait;

	(void)unused;
	if (n == NULL || task == NULL)
		return false;
	wait = user_task_give(t, task, &n->kobj, RIGHT_WAIT);
	kobj_put(&n->kobj);
	for (u32 i = 0; i < CALLERS; i++)
		user_task_start(t, task, wait | FOR_EVER << 32, ANY_USER_CPU);
	time_spin_ns(rand_below(r, SPAN_NS));
	task_kill(task);
	EXPECT_EQ(t, handle_close(&task->handles, wait), 0);
	user_task_end(task);
	return true;
}

TEST("user.notify", killed_and_closed)
{
	storm_rounds(t, ROUNDS, round_of_killed_and_closed, NULL);
}

/* --- timers -------------------------------------------------------------------------------- */

/* Threads that wait, with and without a limit, two that set one timer, which goes meanwhile. */
static void end_timer(struct test *t, struct rand *r, struct task *task, struct notification *n)
{
	struct timer_object *o;
	u64 wait, timer;

	kobj_get(&n->kobj);
	o = timer_object_create(n, 1);
	if (o == NULL)
		return;
	wait = user_task_give(t, task, &n->kobj, RIGHT_WAIT);
	timer = user_task_give(t, task, &o->kobj, RIGHT_SIGNAL);
	kobj_put(&o->kobj);
	user_task_start(t, task, timer, ANY_USER_CPU);
	user_task_start(t, task, timer, ANY_USER_CPU);
	time_spin_ns(rand_below(r, SPAN_NS));
	if (rand_below(r, 2))
		EXPECT_EQ(t, handle_close(&task->handles, timer), 0);
	if (rand_below(r, 2))
		EXPECT_EQ(t, handle_close(&task->handles, wait), 0);
	time_spin_ns(rand_below(r, SPAN_NS));
	task_kill(task);
	user_task_end(task);
}

static bool round_of_timers_end(struct test *t, struct rand *r, void *unused)
{
	struct notification *n = notification_create();
	struct task *setters = user_task(t, "setters", USER_CODE(sets_timer));
	struct task *waiter = user_task(t, "waiter", USER_CODE(collects));

	(void)unused;
	if (n == NULL || setters == NULL || waiter == NULL)
		return false;
	user_task_start(t, waiter, user_task_give(t, waiter, &n->kobj, RIGHT_WAIT) | 2ull << 32,
			ANY_USER_CPU);
	end_timer(t, r, setters, n);
	kobj_put(&n->kobj);
	/* The timer, which alone could signal, has gone with the task: it was told. */
	EXPECT_EQ(t, user_task_end(waiter), 1);
	return true;
}

TEST("user.notify", timers_end)
{
	storm_rounds(t, ROUNDS, round_of_timers_end, NULL);
}

/* --- bound --------------------------------------------------------------------------------- */

static void signal_for(struct notification *n, u64 ns)
{
	u64 until = time_ns() + ns;

	do {
		u64 flags = irq_save();

		notification_signal(n, 1);
		irq_restore(flags);
	} while (time_ns() < until);
}

/* An endpoint ends, by death or by close, while its bound notification is signalled. */
static bool round_of_bound_endpoint_ends(struct test *t, struct rand *r, void *unused)
{
	struct notification *n = notification_create();
	struct user_pair p;

	(void)unused;
	if (n == NULL || !user_pair_make(t, &p, USER_CODE(client), USER_CODE(serves_both)))
		return false;
	EXPECT_EQ(t, user_notify_bind(n, p.ep), 0);
	user_task_start(t, p.server, p.receive | 3ull << 32, ANY_USER_CPU);
	user_task_start(t, p.server, p.receive | 3ull << 32, ANY_USER_CPU);
	user_task_start(t, p.client, p.call | FOR_EVER << 32, ANY_USER_CPU);
	signal_for(n, rand_below(r, SPAN_NS));
	if (rand_below(r, 2))
		EXPECT_EQ(t, handle_close(&p.server->handles, p.receive), 0);
	else
		task_kill(p.server);
	signal_for(n, rand_below(r, SPAN_NS));
	task_kill(p.server);
	user_task_end(p.server);
	task_kill(p.client);
	user_task_end(p.client);
	signal_for(n, 0);
	EXPECT(t, n->endpoint == NULL, "bound to an endpoint that is gone");
	EXPECT(t, n->kobj.refs == 1, "%u references", n->kobj.refs);
	kobj_put(&n->kobj);
	return true;
}

TEST("user.notify", bound_endpoint_ends)
{
	storm_rounds(t, ROUNDS, round_of_bound_endpoint_ends, NULL);
}

/* --- nothing is left ------------------------------------------------------------------------- */

static void use_all(struct test *t)
{
	struct notification *n = notification_create();
	struct task *task = user_task(t, "waiter", USER_CODE(waits));
	struct endpoint *ep = endpoint_create();
	struct timer_object *o;

	if (n == NULL || task == NULL || ep == NULL)
		return;
	kobj_get(&n->kobj);
	o = timer_object_create(n, 4);
	if (o == NULL)
		return;
	EXPECT_EQ(t, user_notify_bind(n, ep), 0);
	user_task_start(t, task, user_task_give(t, task, &n->kobj, RIGHT_WAIT) | FOR_EVER << 32,
			cpu_id);
	timer_object_set(o, time_ns() + NS_PER_MS, TIMER_PERIOD_MIN);
	EXPECT_EQ(t, user_task_end(task), 4);
	kobj_put(&o->kobj);
	kobj_put(&ep->kobj);
	kobj_put(&n->kobj);
}

TEST("user.notify", nothing_is_left)
{
	struct account before, after;

	for (u32 i = 0; i < 40; i++) /* slots and caches have what they keep */
		use_all(t);
	before = account();
	for (u32 i = 0; i < 20; i++)
		use_all(t);
	after = account();
	expect_same_account(t, &before, &after);
}
