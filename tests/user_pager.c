/* SPDX-License-Identifier: MIT */
/*
 * tests/user_pager.c - faults of a task that another task resolves: all that it is told and may
 * reply (user/bin/check_pager.c); and either side is killed at any moment, and nothing is lost.
 */
#include "arch/x86_64/uaccess.h"
#include "kernel/abi.h"
#include "lib/err.h"
#include "tests/user_check.h"
#include "tests/user_memory.h"
#include "tests/user_pair.h"

USER_PROGRAM(maps_pages);
USER_PROGRAM(touches_on);

#define ROUNDS	     30u
#define PLACE	     0x600000ul
#define THREADS	     3u
#define KILL_SPAN_NS (2 * NS_PER_MS)

TEST("user.pager", told_and_answered)
{
	user_check_often(t, "check_pager", NULL, 0);
}

struct sides {
	struct task *client, *pager;
	struct endpoint *ep;
	u64 receive; /* the pager's handle */
};

static bool make_sides(struct test *t, struct sides *s)
{
	u64 words[3] = { [2] = PLACE };

	s->ep = endpoint_create();
	s->client = user_task(t, "client", USER_CODE(touches_on));
	s->pager = user_task(t, "pager", USER_CODE(maps_pages));
	EXPECT(t, s->ep != NULL, "no memory for an endpoint");
	if (s->ep == NULL || s->client == NULL || s->pager == NULL)
		return false;
	words[0] =
		user_task_handle(t, s->pager, s->ep, RIGHT_CALL | RIGHT_RECEIVE | RIGHT_DUPLICATE);
	s->receive = words[0];
	words[1] = user_task_give(t, s->pager, &s->client->kobj, RIGHT_CONTROL);
	use(s->pager->mm);
	EXPECT_EQ(t, copy_to_user(USER_DATA_AT, words, sizeof(words)), 0);
	use(NULL);
	return true;
}

static void end_sides(struct sides *s)
{
	(void)user_task_end(s->client);
	(void)user_task_end(s->pager);
	kobj_put(&s->ep->kobj);
}

/* Threads of a client fault on and on; then it is killed, or its pager, or both. */
static bool one_round(struct test *t, struct rand *r, void *unused)
{
	u64 who = rand_below(r, 3);
	struct sides s;

	(void)unused;
	if (!make_sides(t, &s))
		return false;
	user_task_start(t, s.pager, USER_DATA_AT, ANY_USER_CPU);
	while (!user_endpoint_has(s.ep, 0, 1))
		sleep_ns(NS_PER_US);
	for (u32 i = 0; i < THREADS; i++)
		user_task_start(t, s.client, PLACE + i * 64 * PAGE_SIZE, ANY_USER_CPU);
	time_spin_ns(rand_below(r, KILL_SPAN_NS));
	if (who != 1)
		task_kill(s.client);
	if (who != 0) {
		task_kill(s.pager);
		(void)task_wait(s.pager);
		EXPECT_EQ(t, handle_close(&s.pager->handles, s.receive), 0);
	}
	(void)task_wait(s.client); /* who asks now gets -EPIPE */
	task_kill(s.pager);
	end_sides(&s);
	return true;
}

TEST("user.pager", either_side_is_killed_at_any_moment)
{
	user_check_rounds(t, ROUNDS, one_round);
}
