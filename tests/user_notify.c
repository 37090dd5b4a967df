/* SPDX-License-Identifier: MIT */
/*
 * tests/user_notify.c - notifications, timers and time limits: what one thread sees
 * (user/bin/notify.c), and what several see of each other.
 */
#include "arch/x86_64/irq.h"
#include "arch/x86_64/time.h"
#include "kernel/abi.h"
#include "kernel/notification.h"
#include "kernel/sched.h"
#include "kernel/timer_object.h"
#include "lib/err.h"
#include "tests/cpus.h"
#include "tests/user_notify.h"
#include "tests/user_program.h"

USER_PROGRAM(waits);
USER_PROGRAM(collects);
USER_PROGRAM(pings);
USER_PROGRAM(pongs);
USER_PROGRAM(serves_both);
USER_PROGRAM(client);
USER_PROGRAM(calls_once);
USER_PROGRAM(takes_and_spins);

#define FOR_EVER  (0xffffffffull << 32) /* of `waits` */
#define PINGS	  400ull
#define MANY_BITS 0xffffffffull

TEST("user.notify", calls_are_checked)
{
	user_program_run(t, "bin/notify");
}

/* --- who waits ----------------------------------------------------------------------------- */

static u32 waiters_of(struct notification *n)
{
	u64 flags = spin_lock_irqsave(&n->lock);
	u32 count = 0;

	for (const struct list_node *i = n->waiters.next; i != &n->waiters; i = i->next)
		count++;
	spin_unlock_irqrestore(&n->lock, flags);
	return count;
}

static void await_waiters(struct notification *n, u32 count)
{
	while (waiters_of(n) != count)
		sleep_ns(A_MOMENT);
}

static void signal(struct notification *n, u64 bits)
{
	u64 flags = irq_save();

	notification_signal(n, bits);
	irq_restore(flags);
}

/* A task that runs `waits`, of @priority, as the @nth who waits. */
static struct task *start_waiting(struct test *t, struct notification *n, u32 priority, u32 nth)
{
	struct task *task = user_task(t, "waiter", USER_CODE(waits));

	if (task == NULL)
		return NULL;
	user_task_start_at(t, task, user_task_give(t, task, &n->kobj, RIGHT_WAIT) | FOR_EVER,
			   ANY_USER_CPU, priority);
	await_waiters(n, nth);
	return task;
}

TEST("user.notify", most_urgent_first)
{
	static const struct {
		u32 priority;
		int turn;
	} waiters[] = { { 12, 4 }, { 20, 2 }, { 16, 3 }, { 22, 1 }, { 12, 5 }, { 8, 6 } };
	struct notification *n = notification_create();
	struct task *tasks[ARRAY_SIZE(waiters)];

	if (n == NULL)
		return;
	for (u32 i = 0; i < ARRAY_SIZE(waiters); i++)
		tasks[i] = start_waiting(t, n, waiters[i].priority, i + 1);
	for (u64 turn = 1; turn <= ARRAY_SIZE(waiters); turn++)
		signal(n, turn);
	for (u32 i = 0; i < ARRAY_SIZE(waiters); i++)
		if (tasks[i] != NULL)
			EXPECT_EQ(t, user_task_end(tasks[i]), waiters[i].turn);
	kobj_put(&n->kobj);
}

/* A priority that changes while its thread waits counts as it is when the signal comes. */
TEST("user.notify", priority_of_now)
{
	struct notification *n = notification_create();
	struct task *first, *second;

	if (n == NULL)
		return;
	first = start_waiting(t, n, 12, 1);
	second = start_waiting(t, n, 10, 2);
	if (first == NULL || second == NULL)
		return;
	thread_set_priority(list_first(&second->threads, struct user_thread, node)->thread, 14);
	signal(n, 1);
	signal(n, 2);
	EXPECT_EQ(t, user_task_end(second), 1);
	EXPECT_EQ(t, user_task_end(first), 2);
	kobj_put(&n->kobj);
}

TEST("user.notify", waiters_are_killed)
{
	struct notification *n = notification_create();
	struct task *killed, *other;

	if (n == NULL)
		return;
	killed = start_waiting(t, n, 0, 1);
	other = start_waiting(t, n, 0, 2);
	if (killed == NULL || other == NULL)
		return;
	task_kill(killed);
	EXPECT_EQ(t, user_task_end(killed), -EINTR);
	EXPECT_EQ(t, waiters_of(n), 1);
	signal(n, 7);
	EXPECT_EQ(t, user_task_end(other), 7);
	kobj_put(&n->kobj);
}

/* All who wait are told when nobody is left who might signal; and when it is gone. */
TEST("user.notify", last_signaller_goes)
{
	struct notification *n = notification_create();
	struct task *one, *two;

	if (n == NULL)
		return;
	notification_gains_signaller(n);
	one = start_waiting(t, n, 0, 1);
	two = start_waiting(t, n, 0, 2);
	if (one == NULL || two == NULL)
		return;
	notification_loses_signaller(n);
	EXPECT_EQ(t, user_task_end(one), -EPIPE);
	EXPECT_EQ(t, user_task_end(two), -EPIPE);
	kobj_put(&n->kobj);
}

TEST("user.notify", closed_while_somebody_waits)
{
	struct notification *n = notification_create();
	struct task *task;
	u64 handle;

	task = n == NULL ? NULL : user_task(t, "waiter", USER_CODE(waits));
	if (task == NULL)
		return;
	handle = user_task_give(t, task, &n->kobj, RIGHT_WAIT);
	user_task_start(t, task, handle | FOR_EVER, ANY_USER_CPU);
	await_waiters(n, 1);
	kobj_put(&n->kobj);
	EXPECT_EQ(t, handle_close(&task->handles, handle), 0); /* the last reference */
	EXPECT_EQ(t, user_task_end(task), -EPIPE);
}

/* --- signals from anywhere ------------------------------------------------------------------ */

int user_notify_bind(struct notification *n, struct endpoint *ep)
{
	u64 flags = irq_save();
	int err = notification_bind(n, ep);

	irq_restore(flags);
	return err;
}

bool user_notify_pair_make(struct test *t, struct user_notify_pair *p, const u8 *ping,
			   size_t ping_size, const u8 *pong, size_t pong_size)
{
	p->there = notification_create();
	p->back = notification_create();
	p->ping = user_task(t, "ping", ping, ping_size);
	p->pong = user_task(t, "pong", pong, pong_size);
	EXPECT(t, p->there != NULL && p->back != NULL, "no memory for notifications");
	if (p->there == NULL || p->back == NULL || p->ping == NULL || p->pong == NULL)
		return false;
	p->ping_arg = user_task_give(t, p->ping, &p->there->kobj, RIGHT_SIGNAL) |
		      user_task_give(t, p->ping, &p->back->kobj, RIGHT_WAIT) << 16;
	p->pong_arg = user_task_give(t, p->pong, &p->there->kobj, RIGHT_WAIT) |
		      user_task_give(t, p->pong, &p->back->kobj, RIGHT_SIGNAL) << 16;
	kobj_put(&p->there->kobj); /* handles keep them */
	kobj_put(&p->back->kobj);
	return true;
}

/* @pairs pairs of tasks that signal each other; none of the signals is lost. */
static void signal_each_other(struct test *t, u32 pairs, u32 cpu, u32 other_cpu, u32 priority)
{
	struct task *pings[8], *pongs[8];
	struct user_notify_pair p[8];

	for (u32 i = 0; i < pairs; i++) {
		if (!user_notify_pair_make(t, &p[i], USER_CODE(pings), USER_CODE(pongs)))
			return;
		pings[i] = p[i].ping;
		pongs[i] = p[i].pong;
		user_task_start_at(t, pongs[i], p[i].pong_arg, other_cpu, priority);
		user_task_start(t, pings[i], p[i].ping_arg | PINGS << 32, cpu);
	}
	for (u32 i = 0; i < pairs; i++) {
		EXPECT_EQ(t, user_task_end(pings[i]), 0);
		EXPECT_EQ(t, user_task_end(pongs[i]), 0);
	}
}

/* Who signals is more urgent, less, or neither: each way the other is woken, or switched to. */
TEST("user.notify", on_one_cpu)
{
	signal_each_other(t, 1, 0, 0, PRIORITY_DEFAULT);
	signal_each_other(t, 1, 0, 0, PRIORITY_DEFAULT + 1);
	signal_each_other(t, 1, 0, 0, PRIORITY_DEFAULT - 1);
	signal_each_other(t, 4, 0, 0, PRIORITY_DEFAULT + 1);
}

TEST("user.notify", across_cpus)
{
	u32 other = cpumask_next(&cpus_active, 0);

	if (other >= MAX_CPUS)
		test_skip(t, "one CPU");
	else
		signal_each_other(t, 1, 0, other, PRIORITY_DEFAULT);
}

TEST("user.notify", many_pairs)
{
	signal_each_other(t, MIN(2 * cpumask_weight(&cpus_active), 8u), ANY_USER_CPU, ANY_USER_CPU,
			  PRIORITY_DEFAULT + 2);
}

struct ticking {
	struct timer timer;
	struct notification *n;
	u32 bit;
};

/* One bit after the other, in interrupt context. */
static NO_LOCK_CHECK void tick(struct timer *timer)
{
	struct ticking *k = container_of(timer, struct ticking, timer);

	notification_signal(k->n, 1ul << k->bit);
	if (++k->bit < 32)
		timer_start(timer, time_ns() + 100 * NS_PER_US);
}

TEST("user.notify", from_interrupts)
{
	struct ticking k = { .n = notification_create() };
	struct task *task = user_task(t, "collector", USER_CODE(collects));

	if (k.n == NULL || task == NULL)
		return;
	user_task_start(t, task, user_task_give(t, task, &k.n->kobj, RIGHT_WAIT) | MANY_BITS << 32,
			ANY_USER_CPU);
	timer_init(&k.timer, tick);
	timer_start(&k.timer, time_ns());
	EXPECT_EQ(t, user_task_end(task), 0);
	timer_cancel(&k.timer);
	kobj_put(&k.n->kobj);
}

struct shower {
	struct notification *n;
	u64 bits; /* of all CPUs together, at least */
};

static void signal_all_bits(void *arg)
{
	struct shower *s = arg;

	for (u32 i = 0; i < 32; i++)
		signal(s->n, 1ul << i);
}

TEST("user.notify", from_all_cpus)
{
	struct shower s = { .n = notification_create() };
	struct task *task = user_task(t, "collector", USER_CODE(collects));

	if (s.n == NULL || task == NULL)
		return;
	user_task_start(t, task, user_task_give(t, task, &s.n->kobj, RIGHT_WAIT) | MANY_BITS << 32,
			ANY_USER_CPU);
	on_each_cpu_in_crowds(signal_all_bits, &s);
	EXPECT_EQ(t, user_task_end(task), 0);
	kobj_put(&s.n->kobj);
}

/* --- bound to an endpoint ----------------------------------------------------------------------
 */

/* A server gets calls and bits, whichever comes; none of either is lost. */
TEST("user.notify", received_at_an_endpoint)
{
	struct notification *n = notification_create();
	struct user_pair p;

	if (n == NULL || !user_pair_make(t, &p, USER_CODE(client), USER_CODE(serves_both)))
		return;
	EXPECT_EQ(t, user_notify_bind(n, p.ep), 0);
	EXPECT_EQ(t, user_notify_bind(n, p.ep), -EBUSY);
	user_task_start(t, p.server, p.receive | MANY_BITS << 32, ANY_USER_CPU);
	user_task_start(t, p.client, p.call | 300ull << 32, ANY_USER_CPU);
	user_task_start(t, p.client, p.call | 300ull << 32, ANY_USER_CPU);
	for (u32 i = 0; i < 31; i++) {
		signal(n, 1ul << i);
		sleep_ns(50 * NS_PER_US);
	}
	EXPECT_EQ(t, user_task_end(p.client), 0); /* all calls were answered */
	signal(n, 1ul << 31);
	EXPECT_EQ(t, user_task_end(p.server), 0); /* and all bits came */
	kobj_put(&n->kobj);
}

/* Bits come before the calls that wait, and need no receiver to be there when they are signalled.
 */
TEST("user.notify", signalled_before_it_receives)
{
	struct notification *n = notification_create();
	struct user_pair p;

	if (n == NULL || !user_pair_make(t, &p, USER_CODE(calls_once), USER_CODE(serves_both)))
		return;
	EXPECT_EQ(t, user_notify_bind(n, p.ep), 0);
	user_task_start(t, p.client, p.call, ANY_USER_CPU);
	user_pair_await(&p, 1, 0);
	signal(n, 1);
	signal(n, 2);
	user_task_start(t, p.server, p.receive | 3ull << 32, ANY_USER_CPU);
	EXPECT_EQ(t, user_task_end(p.server), 0);
	EXPECT_EQ(t, user_task_end(p.client), -EPIPE); /* its call was not taken */
	kobj_put(&n->kobj);
}

/* A receiver that waits already when the notification is bound and has bits. */
TEST("user.notify", bound_with_bits)
{
	struct notification *n = notification_create();
	struct user_pair p;

	if (n == NULL || !user_pair_make(t, &p, USER_CODE(client), USER_CODE(serves_both)))
		return;
	user_task_start(t, p.server, p.receive | 3ull << 32, ANY_USER_CPU);
	user_pair_await(&p, 0, 1);
	signal(n, 3);
	EXPECT_EQ(t, user_notify_bind(n, p.ep), 0);
	EXPECT_EQ(t, user_task_end(p.server), 0);
	kobj_put(&n->kobj); /* the endpoint let it go with its last receiver */
	kobj_put(&p.client->kobj);
}
