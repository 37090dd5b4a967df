/* SPDX-License-Identifier: MIT */
/*
 * user/bin/crowd.c - crowd [GROUPS] [PAIRS] [MESSAGES]: in each group each of so many senders calls
 * each of as many receivers, with so many messages, all at once.  After Linux's hackbench.
 */
#include "user/lib/workload.h"

#define GROUPS_MAX 10
#define PAIRS_MAX  10

static struct parameter parameters[] = { { "GROUPS", 1, GROUPS_MAX, 2, NULL },
					 { "PAIRS", 1, PAIRS_MAX, 4, NULL },
					 { "MESSAGES", 1, 1000000, 50, NULL } };

static u64 groups, pairs, messages;
static u64 *received; /* by all */
static u64 receivers[GROUPS_MAX * PAIRS_MAX], senders[GROUPS_MAX * PAIRS_MAX];

static NORETURN void receive(u64 ep)
{
	struct message m = { { 0 } };

	for (;;) {
		if (sys_reply_wait(ep, &m) != 0)
			sys_exit(1);
		__atomic_fetch_add(received, 1, __ATOMIC_RELAXED);
		m.word[0]++;
	}
}

static NORETURN void send(const u64 *eps)
{
	for (u64 i = 0; i < messages; i++)
		for (u64 j = 0; j < pairs; j++) {
			struct message m = { { i } };

			CHECK_EQ(sys_call(eps[j], &m), 0);
			CHECK_EQ(m.word[0], i + 1);
		}
	sys_exit(check_failures);
}

static void make_group(u64 n)
{
	u64 eps[PAIRS_MAX];

	for (u64 i = 0; i < pairs; i++) {
		eps[i] = workload_handle(sys_endpoint(), "endpoint");
		s64 task = sys_fork();

		if (task == 0)
			receive(eps[i]);
		receivers[n * pairs + i] = workload_handle(task, "task");
	}
	for (u64 i = 0; i < pairs; i++) {
		s64 task = sys_fork();

		if (task == 0)
			send(eps);
		senders[n * pairs + i] = workload_handle(task, "task");
	}
	for (u64 i = 0; i < pairs; i++)
		sys_close(eps[i]);
}

int main(void)
{
	u64 calls;

	if (!workload_begin(parameters, ARRAY_SIZE(parameters)))
		return 1;
	groups = parameters[0].value;
	pairs = parameters[1].value;
	messages = parameters[2].value;
	calls = groups * pairs * pairs * messages;
	received = workload_shared(sizeof(*received));
	for (u64 i = 0; i < groups; i++)
		make_group(i);
	for (u64 i = 0; i < groups * pairs; i++)
		CHECK_EQ(check_wait(senders[i]), 0);
	CHECK_EQ(*received, calls);
	for (u64 i = 0; i < groups * pairs; i++) {
		CHECK_EQ(sys_kill(receivers[i]), 0);
		CHECK_EQ(check_wait(receivers[i]), -EINTR);
	}
	return workload_end("%lu tasks, %lu calls", 2 * groups * pairs, calls);
}
