/* SPDX-License-Identifier: MIT */
/*
 * user/bin/check_handles.c - handles in messages: with a call and with a reply, to one that waits
 * and to one that comes later; wrong ones, and too many.
 */
#include "user/lib/check.h"

#define RW	  (MAP_READ | MAP_WRITE)
#define PLACE	  0x100000000000ul
#define PATTERN	  0x5eed5eed5eedul
#define HANDLE_IN 6 /* the word of a message that is a handle */

static u64 ep; /* where parent and child meet */

static struct message with(u64 first, u64 handle)
{
	return (struct message){ { first, 0, 0, 0, 0, 0, handle } };
}

/* --- with a call -------------------------------------------------------------------------------
 */

/* Takes memory, writes into it, and says so. */
static NORETURN void serve_memory(void)
{
	struct message m = { { 0 } };

	CHECK_EQ(sys_reply_wait(ep, &m), MESSAGE_HANDLE);
	CHECK_EQ(m.word[0], 1);
	CHECK_EQ(sys_map(0, m.word[HANDLE_IN], PLACE, 0, PAGE_SIZE, RW), PLACE);
	*(volatile u64 *)PLACE = PATTERN;
	m = with(2, 0);
	sys_reply_wait(ep, &m);
	sys_exit(check_failures);
}

/* @early: the caller queues up, since nobody waits yet. */
static void call_with_memory(bool early)
{
	u64 memory = (u64)sys_memory(PAGE_SIZE);
	struct message m = with(1, memory);
	s64 child = sys_fork();

	if (child == 0) {
		sys_close(memory); /* it shall come by the message */
		for (u32 i = 0; early && i < 100; i++)
			sys_yield();
		serve_memory();
	}
	for (u32 i = 0; !early && i < 100; i++)
		sys_yield();
	CHECK_EQ(sys_call_handle(ep, &m), 0);
	CHECK_EQ(m.word[0], 2);
	CHECK_EQ(sys_map(0, memory, PLACE, 0, PAGE_SIZE, MAP_READ), PLACE);
	CHECK_EQ(*(volatile u64 *)PLACE, PATTERN);
	CHECK_EQ(sys_unmap(0, PLACE, PAGE_SIZE), 0);
	CHECK_EQ(sys_close(memory), 0);
	CHECK_EQ(sys_kill((u64)child), 0);
	CHECK(check_wait((u64)child) <= 0);
}

/* --- with a reply ------------------------------------------------------------------------------
 */

/* Gives whoever asks an endpoint of his own, and serves that once. */
static NORETURN void serve_endpoints(void)
{
	struct message m = { { 0 } };
	u64 own;

	CHECK_EQ(sys_reply_wait(ep, &m), 0);
	own = (u64)sys_endpoint();
	m = with(3, (u64)sys_duplicate(own, RIGHT_CALL | RIGHT_DUPLICATE));
	CHECK_EQ(sys_reply_wait_handle(ep, &m), 0);
	CHECK_EQ(m.word[0], 5);
	m = with(6, 0);
	sys_reply_wait(own, &m);
	CHECK_EQ(m.word[0], 7);
	m = with(8, 0);
	sys_reply_wait(own, &m);
	sys_exit(check_failures);
}

static void reply_with_endpoint(void)
{
	struct message m = with(0, 0);
	s64 child = sys_fork();
	u64 own;

	if (child == 0)
		serve_endpoints();
	CHECK_EQ(sys_call(ep, &m), MESSAGE_HANDLE);
	CHECK_EQ(m.word[0], 3);
	own = m.word[HANDLE_IN];
	m = with(5, 0);
	CHECK_EQ(sys_call(ep, &m), 0);
	CHECK_EQ(m.word[0], 6);
	m = with(7, 0);
	CHECK_EQ(sys_call(own, &m), 0);
	CHECK_EQ(m.word[0], 8);
	CHECK_EQ(sys_reply_wait(own, &m), -EBADF); /* it came with the right to call */
	CHECK_EQ(sys_kill((u64)child), 0);
	CHECK(check_wait((u64)child) <= 0);
	m = with(9, 0);
	CHECK_EQ(sys_call(own, &m), -EPIPE); /* who could receive has gone */
	CHECK_EQ(sys_close(own), 0);
}

/* --- wrong, and too many
 * -------------------------------------------------------------------------- */

static void handles_are_checked(void)
{
	u64 own = (u64)sys_endpoint(), bare = (u64)sys_duplicate(own, RIGHT_CALL | RIGHT_RECEIVE);
	static const u64 bad[] = { 0, ~0ul, 1ul << 32, 255, 1ul << 63 };
	struct message m;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		m = with(1, bad[i]);
		CHECK_EQ(sys_call_handle(own, &m), -EBADF);
		CHECK_EQ(m.word[HANDLE_IN], bad[i]);
		CHECK_EQ(sys_reply_wait_handle(own, &m), -EBADF);
		m = with(1, own);
		CHECK_EQ(sys_call_handle(bad[i], &m), -EBADF);
		CHECK_EQ(sys_reply_wait_handle(bad[i], &m), -EBADF);
	}
	m = with(1, bare);
	CHECK_EQ(sys_call_handle(own, &m), -EPERM);
	CHECK_EQ(sys_reply_wait_handle(own, &m), -EPERM);
	CHECK_EQ(sys_close(bare), 0);
	CHECK_EQ(sys_close(own), 0);
}

/* The receiver has no room: 0 arrives, and the caller's is still good. */
static void no_room(void)
{
	struct message m = with(1, ep);
	s64 child = sys_fork();

	if (child == 0) {
		while (sys_endpoint() > 0)
			;
		CHECK_EQ(sys_reply_wait(ep, &m), MESSAGE_HANDLE);
		CHECK_EQ(m.word[HANDLE_IN], 0);
		sys_reply_wait(ep, &m);
		sys_exit(check_failures);
	}
	CHECK_EQ(sys_call_handle(ep, &m), 0);
	CHECK_EQ(sys_kill((u64)child), 0);
	CHECK(check_wait((u64)child) <= 0);
}

/* An endpoint whose only receiving handle travels lives until it has arrived. */
static void travels_alone(void)
{
	u64 own = (u64)sys_endpoint(), call = (u64)sys_duplicate(own, RIGHT_CALL);
	s64 child = sys_fork();
	struct message m;

	if (child == 0) {
		sys_close(own);
		m = with(0, 0);
		CHECK_EQ(sys_reply_wait(ep, &m), MESSAGE_HANDLE);
		own = m.word[HANDLE_IN];
		m = with(1, 0);
		sys_reply_wait(ep, &m);
		m = with(0, 0);
		CHECK_EQ(sys_reply_wait(own, &m), 0);
		m = with(4, 0);
		sys_reply_wait(own, &m);
		sys_exit(check_failures);
	}
	m = with(1, own);
	CHECK_EQ(sys_call_handle(ep, &m), 0);
	CHECK_EQ(sys_close(own), 0);
	m = with(0, 0);
	CHECK_EQ(sys_call(ep, &m), 0); /* it goes on to the other */
	CHECK_EQ(sys_call(call, &m), 0);
	CHECK_EQ(m.word[0], 4);
	CHECK_EQ(sys_kill((u64)child), 0);
	CHECK(check_wait((u64)child) <= 0);
	CHECK_EQ(sys_close(call), 0);
}

int main(void)
{
	ep = (u64)sys_endpoint();
	call_with_memory(false);
	call_with_memory(true);
	reply_with_endpoint();
	handles_are_checked();
	no_room();
	travels_alone();
	return check_failures;
}
