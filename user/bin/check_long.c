/* SPDX-License-Identifier: MIT */
/*
 * user/bin/check_long.c - long messages: what arrives in whose buffer and what does not, wrong
 * arguments, and the end of either side at any moment.
 *
 * The two sides are forks.  They share memory, of which each has a page for its buffer and sees the
 * other's.
 */
#include "user/lib/check.h"

#define RW	     (MAP_READ | MAP_WRITE)
#define PLACE	     0x100000000000ul /* nothing is mapped there but by a pager */
#define LAST	     6		      /* the word of a message that says how many words came */
#define CALLED	     0x1000000ul      /* what buffers are filled with: that, plus the index */
#define REPLIED	     0x2000000ul
#define BEFORE	     0x3000000ul
#define KILLED_PAIRS 24u

/* Pages of .memory. */
enum {
	CALLER,
	RECEIVER,
	PAGES,
};

static const u64 sizes[] = { 1, 2, 63, 64, 65, LONG_WORDS_MAX - 1, LONG_WORDS_MAX };

static u64 ep, memory; /* handles */
static volatile u64 (*page)[LONG_WORDS_MAX];

static struct message with(u64 first, u64 last)
{
	return (struct message){ { first, 0, 0, 0, 0, 0, last } };
}

static void take_buffer(u32 which)
{
	CHECK_EQ(sys_buffer(memory, which * PAGE_SIZE), 0);
}

static void fill(u32 which, u64 with_what)
{
	for (u64 i = 0; i < LONG_WORDS_MAX; i++)
		page[which][i] = with_what + i;
}

/* The first @n words are from @low, the others from @high. */
static void expect(u32 which, u64 n, u64 low, u64 high)
{
	for (u64 i = 0; i < LONG_WORDS_MAX; i++)
		CHECK_EQ(page[which][i], (i < n ? low : high) + i);
}

static void let_others_run(void)
{
	for (u32 i = 0; i < 100; i++)
		sys_yield();
}

static void end(s64 child)
{
	CHECK_EQ(sys_kill((u64)child), 0);
	CHECK(check_wait((u64)child) <= 0);
}

/* The last reply of a child, with its failures; its parent ends it. */
static NORETURN void answer_last(u64 last)
{
	struct message m = with((u64)check_failures, last);

	sys_reply_wait(ep, &m);
	sys_exit(-EPIPE);
}

static NORETURN void answer_last_long(u64 words)
{
	struct message m = with((u64)check_failures, words);

	sys_reply_wait_long(ep, &m);
	sys_exit(-EPIPE);
}

/* --- there and back -------------------------------------------------------------------------- */

/* Each call is answered with as many words as the next size has. */
static NORETURN void serve(void)
{
	struct message m = with(0, 0);
	s64 result;

	take_buffer(RECEIVER);
	result = sys_reply_wait(ep, &m);
	for (u64 i = 0; i < ARRAY_SIZE(sizes); i++) {
		CHECK_EQ(result, MESSAGE_LONG);
		CHECK_EQ(m.word[0], i);
		CHECK_EQ(m.word[LAST], sizes[i]);
		expect(RECEIVER, sizes[i], CALLED, BEFORE);
		fill(RECEIVER, REPLIED);
		m = with((u64)check_failures, sizes[(i + 1) % ARRAY_SIZE(sizes)]);
		result = sys_reply_wait_long(ep, &m);
	}
	sys_exit(check_failures);
}

/* @early: the first call queues up, since nobody waits yet. */
static void there_and_back(bool early)
{
	s64 child = sys_fork();
	struct message m;

	if (child == 0) {
		if (early)
			let_others_run();
		serve();
	}
	if (!early)
		let_others_run();
	take_buffer(CALLER);
	for (u64 i = 0; i < ARRAY_SIZE(sizes); i++) {
		u64 back = sizes[(i + 1) % ARRAY_SIZE(sizes)];

		fill(CALLER, CALLED);
		fill(RECEIVER, BEFORE);
		m = with(i, sizes[i]);
		CHECK_EQ(sys_call_long(ep, &m), MESSAGE_LONG);
		CHECK_EQ(m.word[0], 0); /* the server's failures */
		CHECK_EQ(m.word[LAST], back);
		expect(CALLER, back, REPLIED, CALLED);
	}
	end(child);
}

/* Both sides have the same page for a buffer. */
static void same_buffer(void)
{
	struct message m = with(1, LONG_WORDS_MAX);
	s64 child = sys_fork();

	if (child == 0) {
		take_buffer(CALLER);
		CHECK_EQ(sys_reply_wait(ep, &m), MESSAGE_LONG);
		answer_last_long(1);
	}
	take_buffer(CALLER);
	fill(CALLER, CALLED);
	CHECK_EQ(sys_call_long(ep, &m), MESSAGE_LONG);
	CHECK_EQ(m.word[0], 0);
	expect(CALLER, LONG_WORDS_MAX, CALLED, CALLED);
	end(child);
}

/* --- less than that -------------------------------------------------------------------------- */

/* A fork has no buffer: nothing comes into it, and nothing can be sent. */
static void no_buffer(void)
{
	struct message m = with(1, 7);
	s64 child = sys_fork();

	if (child == 0) {
		CHECK_EQ(sys_reply_wait(ep, &m), MESSAGE_LONG);
		CHECK_EQ(m.word[0], 1);
		CHECK_EQ(m.word[LAST], 0);
		m = with(2, 1);
		CHECK_EQ(sys_reply_wait_long(ep, &m), -EINVAL); /* and has not replied */
		answer_last(9);
	}
	take_buffer(CALLER);
	fill(CALLER, CALLED);
	CHECK_EQ(sys_call_long(ep, &m), 0);
	CHECK_EQ(m.word[0], 0);
	CHECK_EQ(m.word[LAST], 9);
	expect(CALLER, 0, 0, CALLED);
	end(child);
}

/* Who has sent long messages sends a plain one, which queues up. */
static void plain_again(void)
{
	struct message m = with(1, 7);
	s64 child = sys_fork();

	if (child == 0) {
		let_others_run();
		take_buffer(RECEIVER);
		CHECK_EQ(sys_reply_wait(ep, &m), 0);
		CHECK_EQ(m.word[LAST], 7);
		answer_last(0);
	}
	fill(RECEIVER, BEFORE);
	CHECK_EQ(sys_call(ep, &m), 0);
	CHECK_EQ(m.word[0], 0);
	expect(RECEIVER, 0, 0, BEFORE);
	end(child);
}

/* What a pager replies is not for the buffer of who faults. */
static void faults_have_none(void)
{
	struct message m = with(0, 0);
	s64 child = sys_fork();

	if (child == 0) {
		take_buffer(RECEIVER);
		CHECK_EQ(sys_call(ep, &m), 0);
		*(volatile u64 *)PLACE = 1;
		expect(RECEIVER, 0, 0, BEFORE);
		m = with((u64)check_failures, 0);
		sys_call(ep, &m);
		sys_exit(check_failures);
	}
	take_buffer(CALLER);
	fill(CALLER, REPLIED);
	fill(RECEIVER, BEFORE);
	CHECK_EQ(sys_reply_wait(ep, &m), 0);
	CHECK(sys_pager((u64)child, ep, 0) > 0);
	CHECK_EQ(sys_reply_wait(ep, &m), MESSAGE_FAULT);
	CHECK_EQ(sys_map((u64)child, 0, PLACE, 0, PAGE_SIZE, RW), PLACE);
	m = with(0, LONG_WORDS_MAX);
	CHECK_EQ(sys_reply_wait_long(ep, &m), 0);
	CHECK_EQ(m.word[0], 0);
	end(child);
}

/* --- arguments ------------------------------------------------------------------------------- */

static void counts_are_checked(void)
{
	static const u64 bad[] = { 0, LONG_WORDS_MAX + 1, 1ul << 32, (1ul << 32) + 1, ~0ul };
	u64 own = (u64)sys_endpoint();
	struct message m = with(1, 1);

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		m = with(1, bad[i]);
		CHECK_EQ(sys_call_long(own, &m), -EINVAL);
		CHECK_EQ(sys_reply_wait_long(own, &m), -EINVAL);
		CHECK_EQ(m.word[LAST], bad[i]);
	}
	m = with(1, 1);
	CHECK_EQ(sys_call_long(0, &m), -EBADF);
	CHECK_EQ(sys_reply_wait_long(0, &m), -EBADF);
	CHECK_EQ(sys_buffer(0, 0), 0);
	CHECK_EQ(sys_call_long(own, &m), -EINVAL);
	CHECK_EQ(sys_reply_wait_long(own, &m), -EINVAL);
	CHECK_EQ(sys_close(own), 0);
}

static void buffers_are_checked(void)
{
	static const u64 bad[] = { 1,	 PAGE_SIZE - 8,	  PAGE_SIZE + 8, PAGES * PAGE_SIZE,
				   ~0ul, ~(PAGE_SIZE - 1) };
	u64 read_only = (u64)sys_duplicate(memory, RIGHT_DUPLICATE);
	u64 gone = (u64)sys_duplicate(memory, RIGHT_WRITE);

	take_buffer(CALLER);
	CHECK_EQ(sys_close(gone), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_EQ(sys_buffer(memory, bad[i]), -EINVAL);
	CHECK_EQ(sys_buffer(read_only, 0), -EBADF);
	CHECK_EQ(sys_buffer(gone, 0), -EBADF);
	CHECK_EQ(sys_buffer(ep, 0), -EBADF);
	CHECK_EQ(sys_close(read_only), 0);
	no_buffer(); /* takes one again */
}

/* A buffer is there without a handle and a mapping of its memory, and is the thread's alone. */
static void buffer_outlives_its_memory(void)
{
	u64 own = (u64)sys_memory(PAGE_SIZE);
	struct message m = with(1, LONG_WORDS_MAX);
	s64 child = sys_fork();

	if (child == 0) {
		CHECK_EQ(sys_buffer(own, 0), 0);
		CHECK_EQ(sys_close(own), 0);
		CHECK_EQ(sys_reply_wait(ep, &m), MESSAGE_LONG);
		answer_last_long(LONG_WORDS_MAX);
	}
	CHECK_EQ(sys_close(own), 0);
	take_buffer(CALLER);
	fill(CALLER, CALLED);
	CHECK_EQ(sys_call_long(ep, &m), MESSAGE_LONG);
	CHECK_EQ(m.word[0], 0);
	expect(CALLER, LONG_WORDS_MAX, CALLED, CALLED);
	end(child);
}

/* --- ends ------------------------------------------------------------------------------------ */

static NORETURN void call_for_ever(void)
{
	take_buffer(CALLER);
	for (;;) {
		struct message m = with(0, LONG_WORDS_MAX);

		sys_call_long(ep, &m);
	}
}

static NORETURN void answer_for_ever(void)
{
	struct message m = with(0, 0);

	take_buffer(RECEIVER);
	sys_reply_wait(ep, &m);
	for (;;) {
		m = with(0, LONG_WORDS_MAX);
		sys_reply_wait_long(ep, &m);
	}
}

static s64 fork_of(void (*run)(void))
{
	s64 child = sys_fork();

	if (child == 0)
		run();
	return child;
}

static void either_side_is_killed(void)
{
	for (u32 i = 0; i < KILLED_PAIRS; i++) {
		s64 caller = fork_of(call_for_ever), receiver = fork_of(answer_for_ever);

		for (u32 n = 0; n < i; n++)
			sys_yield();
		end(i % 2 == 0 ? caller : receiver);
		end(i % 2 == 0 ? receiver : caller);
	}
}

int main(void)
{
	s64 at;

	ep = (u64)sys_endpoint();
	memory = (u64)sys_memory(PAGES * PAGE_SIZE);
	at = sys_map(0, memory, 0, 0, PAGES * PAGE_SIZE, RW);
	CHECK(at > 0);
	page = (void *)(uintptr_t)at;
	there_and_back(false);
	there_and_back(true);
	same_buffer();
	no_buffer();
	plain_again();
	faults_have_none();
	counts_are_checked();
	buffers_are_checked();
	buffer_outlives_its_memory();
	either_side_is_killed();
	return check_failures;
}
