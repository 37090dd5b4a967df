/* SPDX-License-Identifier: MIT */
/*
 * user/bin/pingpong.c - pingpong [ROUNDS]: a task calls another, which answers, again and again.
 */
#include "user/lib/workload.h"

static struct parameter parameters[] = { { "ROUNDS", 1, 10000000, 1000, NULL } };

static NORETURN void serve(u64 ep)
{
	struct message m = { { 0 } };

	while (sys_reply_wait(ep, &m) >= 0)
		m.word[0]++;
	sys_exit(0);
}

int main(void)
{
	u64 ep, rounds;
	struct message m = { { 0 } };
	s64 server;

	if (!workload_begin(parameters, ARRAY_SIZE(parameters)))
		return 1;
	rounds = parameters[0].value;
	ep = workload_handle(sys_endpoint(), "endpoint");
	server = sys_fork();
	if (server == 0)
		serve(ep);
	(void)workload_handle(server, "task");
	workload_start();
	for (u64 i = 1; i <= rounds; i++) {
		CHECK_EQ(sys_call(ep, &m), 0);
		CHECK_EQ(m.word[0], i);
	}
	CHECK_EQ(sys_kill((u64)server), 0);
	CHECK_EQ(check_wait((u64)server), -EINTR);
	return workload_end("%lu calls and replies", rounds);
}
