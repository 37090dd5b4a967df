/* SPDX-License-Identifier: MIT */
/*
 * tests/user_handles.c - a handle travels while either side ends: what it leads to lives as long
 * as it does.
 */
#include "kernel/abi.h"
#include "kernel/wait.h"
#include "lib/err.h"
#include "tests/user_pair.h"

USER_PROGRAM(sends_handle);
USER_PROGRAM(takes_and_spins);
USER_PROGRAM(takes_and_ends);

/* A client that waits with a handle to receive at .sent, whose only one travels. */
struct traveller {
	struct user_pair pair;
	struct endpoint *sent; /* held */
};

static bool is_dead(struct endpoint *ep)
{
	u64 flags = spin_lock_irqsave(&ep->lock);
	bool dead = ep->special & ENDPOINT_DEAD;

	spin_unlock_irqrestore(&ep->lock, flags);
	return dead;
}

static bool send_it(struct test *t, struct traveller *v, const u8 *server, size_t size)
{
	u64 handle;

	v->sent = endpoint_create();
	EXPECT(t, v->sent != NULL, "no memory for an endpoint");
	if (v->sent == NULL || !user_pair_make(t, &v->pair, USER_CODE(sends_handle), server, size))
		return false;
	handle = user_task_handle(t, v->pair.client, v->sent, RIGHT_RECEIVE | RIGHT_DUPLICATE);
	user_task_start(t, v->pair.client, v->pair.call | handle << 32, ANY_USER_CPU);
	user_pair_await(&v->pair, 1, 0);
	EXPECT_EQ(t, handle_close(&v->pair.client->handles, handle), 0);
	EXPECT(t, !is_dead(v->sent), "the endpoint has ended with the sender's handle");
	return true;
}

/* It arrives, and is the receiver's alone. */
TEST("user.handles_in_messages", counts_while_it_travels)
{
	struct traveller v;

	if (!send_it(t, &v, USER_CODE(takes_and_ends)))
		return;
	user_task_start(t, v.pair.server, v.pair.receive, ANY_USER_CPU);
	EXPECT_EQ(t, task_wait(v.pair.server), 0);
	EXPECT_EQ(t, user_task_end(v.pair.client), -EPIPE); /* nobody has answered */
	EXPECT(t, !is_dead(v.sent), "the endpoint has ended with the call");
	kobj_put(&v.pair.server->kobj);
	EXPECT(t, is_dead(v.sent), "the endpoint lives on");
	kobj_put(&v.sent->kobj);
}

/* Nobody takes it, and the sender ends: so does what travelled. */
TEST("user.handles_in_messages", sender_is_killed)
{
	struct traveller v;

	if (!send_it(t, &v, USER_CODE(takes_and_ends)))
		return;
	task_kill(v.pair.client);
	EXPECT_EQ(t, user_task_end(v.pair.client), -EINTR);
	EXPECT(t, is_dead(v.sent), "the endpoint lives on");
	kobj_put(&v.pair.server->kobj);
	kobj_put(&v.sent->kobj);
}

/* Who has it is killed: the sender is told, and it is gone. */
TEST("user.handles_in_messages", receiver_is_killed_with_it)
{
	struct traveller v;

	if (!send_it(t, &v, USER_CODE(takes_and_spins)))
		return;
	user_task_start(t, v.pair.server, v.pair.receive, ANY_USER_CPU);
	while (user_endpoint_has(v.pair.ep, 1, 0))
		sleep_ns(A_MOMENT);
	task_kill(v.pair.server);
	EXPECT_EQ(t, user_task_end(v.pair.server), -EINTR);
	EXPECT_EQ(t, user_task_end(v.pair.client), -EPIPE);
	EXPECT(t, is_dead(v.sent), "the endpoint lives on");
	kobj_put(&v.sent->kobj);
}
