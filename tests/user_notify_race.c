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

/* Some are answered in time and some are not, and each caller knows which; the server goes on. */
TEST("user.notify", time_limit_and_reply)
{
	struct storm_clock clock;
	struct rand r = test_rand(t);
	struct user_pair p;
	u64 calls = 0, late = 0;

	if (!user_pair_make(t, &p, USER_CODE(hurries), USER_CODE(server)))
		return;
	user_task_start(t, p.server, p.receive, ANY_USER_CPU);
	storm_start(&clock, ROUNDS);
	do {
		late += hurry(t, &r, &p);
		calls += CALLERS * HURRIED;
	} while (storm_step_due(&clock));
	kobj_put(&p.client->kobj);
	EXPECT_EQ(t, handle_close(&p.server->handles, p.receive), 0);
	EXPECT_EQ(t, user_task_end(p.server), 0);
	test_note("%lu calls, %lu of them not answered in time", calls, late);
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
TEST("user.notify", time_limit_of_who_is_taken)
{
	struct storm_clock clock;
	struct rand r = test_rand(t);
	u32 rounds = 0;

	storm_start(&clock, ROUNDS);
	do {
		struct user_pair p;

		if (!user_pair_make(t, &p, USER_CODE(hurries), USER_CODE(takes_and_spins)))
			return;
		for (u32 i = 0; i < CALLERS; i++)
			user_task_start(t, p.client, p.call | limit_at_random(&r) | 1ull << 32,
					ANY_USER_CPU);
		for (u32 i = 0; i < RECEIVERS; i++)
			user_task_start(t, p.server, p.receive, ANY_USER_CPU);
		EXPECT_EQ(t, user_task_end(p.client), 1); /* each of them: it is late */
		task_kill(p.server);
		EXPECT_EQ(t, user_task_end(p.server), -EINTR);
		rounds++;
	} while (storm_step_due(&clock));
	test_note("%u rounds", rounds);
}

/* Of `hurries`: its call was failed by a receiver that ended. */
#define HURRIES_FAILED (-2)

/* Callers in a hurry are killed, or who answers them is, so that the last to end may have failed.
 */
TEST("user.notify", kill_with_time_limit)
{
	struct storm_clock clock;
	struct rand r = test_rand(t);
	u32 rounds = 0;

	storm_start(&clock, ROUNDS);
	do {
		struct user_pair p;
		int status;

		if (!user_pair_make(t, &p, USER_CODE(hurries), USER_CODE(server)))
			return;
		for (u32 i = 0; i < 3; i++)
			user_task_start(t, p.client, p.call | limit_at_random(&r) | FOR_EVER << 32,
					ANY_USER_CPU);
		user_task_start(t, p.server, p.receive, ANY_USER_CPU);
		time_spin_ns(rand_below(&r, SPAN_NS));
		if (rand_below(&r, 2)) {
			task_kill(p.server);
			time_spin_ns(rand_below(&r, SPAN_NS));
		}
		task_kill(p.client);
		status = user_task_end(p.client);
		EXPECT(t, status == -EINTR || status == HURRIES_FAILED, "status %d", status);
		task_kill(p.server);
		user_task_end(p.server);
		rounds++;
	} while (storm_step_due(&clock));
	test_note("%u rounds", rounds);
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
TEST("user.notify", kill_and_close)
{
	struct storm_clock clock;
	struct rand r = test_rand(t);
	u32 rounds = 0;

	storm_start(&clock, ROUNDS);
	do {
		struct user_notify_pair p;

		if (!user_notify_pair_make(t, &p, USER_CODE(pings), USER_CODE(pongs)))
			return;
		user_task_start(t, p.pong, p.pong_arg, ANY_USER_CPU);
		user_task_start_at(t, p.ping, p.ping_arg | FOR_EVER << 32, ANY_USER_CPU,
				   PRIORITY_DEFAULT - 1);
		end_pair(t, &r, &p);
		rounds++;
	} while (storm_step_due(&clock));
	test_note("%u rounds", rounds);
}

/* Who waits is killed, and what it waits for goes with its last handle, at about the same time. */
TEST("user.notify", killed_and_closed)
{
	struct storm_clock clock;
	struct rand r = test_rand(t);
	u32 rounds = 0;

	storm_start(&clock, ROUNDS);
	do {
		struct notification *n = notification_create();
		struct task *task = user_task(t, "waiter", USER_CODE(waits));
		u64 wait;

		if (n == NULL || task == NULL)
			return;
		wait = user_task_give(t, task, &n->kobj, RIGHT_WAIT);
		kobj_put(&n->kobj);
		for (u32 i = 0; i < CALLERS; i++)
			user_task_start(t, task, wait | FOR_EVER << 32, ANY_USER_CPU);
		time_spin_ns(rand_below(&r, SPAN_NS));
		task_kill(task);
		EXPECT_EQ(t, handle_close(&task->handles, wait), 0);
		user_task_end(task);
		rounds++;
	} while (storm_step_due(&clock));
	test_note("%u rounds", rounds);
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

TEST("user.notify", timers_end)
{
	struct storm_clock clock;
	struct rand r = test_rand(t);
	u32 rounds = 0;

	storm_start(&clock, ROUNDS);
	do {
		struct notification *n = notification_create();
		struct task *setters = user_task(t, "setters", USER_CODE(sets_timer));
		struct task *waiter = user_task(t, "waiter", USER_CODE(collects));

		if (n == NULL || setters == NULL || waiter == NULL)
			return;
		user_task_start(t, waiter,
				user_task_give(t, waiter, &n->kobj, RIGHT_WAIT) | 2ull << 32,
				ANY_USER_CPU);
		end_timer(t, &r, setters, n);
		kobj_put(&n->kobj);
		/* The timer, which alone could signal, has gone with the task: it was told. */
		EXPECT_EQ(t, user_task_end(waiter), 1);
		rounds++;
	} while (storm_step_due(&clock));
	test_note("%u rounds", rounds);
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
TEST("user.notify", bound_endpoint_ends)
{
	struct storm_clock clock;
	struct rand r = test_rand(t);
	u32 rounds = 0;

	storm_start(&clock, ROUNDS);
	do {
		struct notification *n = notification_create();
		struct user_pair p;
		u64 flags;

		if (n == NULL || !user_pair_make(t, &p, USER_CODE(client), USER_CODE(serves_both)))
			return;
		flags = irq_save();
		EXPECT_EQ(t, notification_bind(n, p.ep), 0);
		irq_restore(flags);
		user_task_start(t, p.server, p.receive | 3ull << 32, ANY_USER_CPU);
		user_task_start(t, p.server, p.receive | 3ull << 32, ANY_USER_CPU);
		user_task_start(t, p.client, p.call | FOR_EVER << 32, ANY_USER_CPU);
		signal_for(n, rand_below(&r, SPAN_NS));
		if (rand_below(&r, 2))
			EXPECT_EQ(t, handle_close(&p.server->handles, p.receive), 0);
		else
			task_kill(p.server);
		signal_for(n, rand_below(&r, SPAN_NS));
		task_kill(p.server);
		user_task_end(p.server);
		task_kill(p.client);
		user_task_end(p.client);
		signal_for(n, 0);
		EXPECT(t, n->endpoint == NULL, "bound to an endpoint that is gone");
		EXPECT(t, n->kobj.refs == 1, "%u references", n->kobj.refs);
		kobj_put(&n->kobj);
		rounds++;
	} while (storm_step_due(&clock));
	test_note("%u rounds", rounds);
}

/* --- nothing is left ------------------------------------------------------------------------- */

static void use_all(struct test *t)
{
	struct notification *n = notification_create();
	struct task *task = user_task(t, "waiter", USER_CODE(waits));
	struct endpoint *ep = endpoint_create();
	struct timer_object *o;
	u64 flags;

	if (n == NULL || task == NULL || ep == NULL)
		return;
	kobj_get(&n->kobj);
	o = timer_object_create(n, 4);
	if (o == NULL)
		return;
	flags = irq_save();
	EXPECT_EQ(t, notification_bind(n, ep), 0);
	irq_restore(flags);
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
