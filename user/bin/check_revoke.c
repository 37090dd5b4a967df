/* SPDX-License-Identifier: MIT */
/*
 * user/bin/check_revoke.c - what was given away is taken back: from who uses it, waits at it, sends
 * it on or copies it, before and while that is done.
 */
#include "lib/rand.h"
#include "user/lib/check.h"

#define RW	  (MAP_READ | MAP_WRITE)
#define PATTERN	  0x5eed5eed5eedul
#define HANDLE_IN 6 /* the word of a message that is a handle */
#define ROUNDS	  5u
#define CALLERS	  3u
#define THIEVES	  2u
#define SLOTS	  16u
#define A_WHILE	  64u  /* yields, or steps of others */
#define TOO_LATE  1000 /* the status of a child that had not begun to wait */

/* What all forks see. */
static struct {
	u64 step;		   /* how far a child has come, or may go */
	u64 failures;		   /* checks of children's that failed */
	u64 given[CALLERS];	   /* a number in each caller's table */
	u64 answered;		   /* of their calls */
	u64 steps;		   /* of both thieves; some are lost, which does not matter */
	u64 pause, paused;	   /* thieves are told to stop; how many have */
	u64 other[THIEVES];	   /* each one's handle of the other */
	u64 slots[THIEVES][SLOTS]; /* and what it has stolen */
} * shared;

static u64 ep; /* where parent and child meet; never revoked */

static struct message with(u64 handle)
{
	return (struct message){ { 0, 0, 0, 0, 0, 0, handle } };
}

static u64 load(const u64 *word)
{
	return *(const volatile u64 *)word;
}

static void store(u64 *word, u64 value)
{
	*(volatile u64 *)word = value;
}

/* --- a child for each check ------------------------------------------------------------------ */

/* @run in a fork, which begins with the parent's handles, but without a right to revoke. */
static s64 child_of(void (*run)(u64 handle), u64 handle)
{
	s64 child;

	store(&shared->step, 0);
	child = sys_fork();
	if (child != 0)
		return child;
	check_failures = 0;
	run(handle);
	sys_exit(check_failures);
}

static void end_child(s64 child)
{
	CHECK_EQ(check_wait((u64)child), 0);
}

/* The child is about to wait in the kernel: it does not say when it does. */
static void let_it_wait(void)
{
	check_await(&shared->step, 1);
	for (u32 i = 0; i < A_WHILE; i++)
		sys_yield();
}

static void has_no_right(u64 handle)
{
	CHECK_EQ(sys_revoke(handle), -EPERM);
	CHECK_EQ(sys_duplicate(handle, RIGHT_REVOKE), -EPERM);
}

static void maps_and_loses(u64 memory)
{
	s64 other = sys_duplicate(memory, RIGHT_WRITE), at;

	has_no_right(memory);
	at = sys_map(0, memory, 0, 0, PAGE_SIZE, RW);
	CHECK(at > 0);
	store(&shared->step, 1);
	check_await(&shared->step, 2);
	CHECK_EQ(sys_map(0, memory, 0, 0, PAGE_SIZE, MAP_READ), -EBADF);
	CHECK_EQ(sys_map(0, (u64)other, 0, 0, PAGE_SIZE, MAP_READ), -EBADF);
	CHECK_EQ(sys_duplicate(memory, 0), -EBADF);
	CHECK_EQ(sys_close(memory), -EBADF);
	CHECK_EQ(*(volatile u64 *)at, PATTERN); /* what was mapped stays so */
}

static void memory_is_taken_back(void)
{
	u64 memory = (u64)sys_memory(PAGE_SIZE), own = (u64)sys_duplicate(memory, RIGHT_WRITE);
	s64 at = sys_map(0, memory, 0, 0, PAGE_SIZE, RW), child;

	*(volatile u64 *)at = PATTERN;
	child = child_of(maps_and_loses, memory);
	check_await(&shared->step, 1);
	CHECK_EQ(sys_revoke(own), -EPERM);
	CHECK_EQ(sys_revoke(memory), 0);
	store(&shared->step, 2);
	end_child(child);
	CHECK_EQ(sys_unmap(0, (u64)at, PAGE_SIZE), 0);
	CHECK_EQ(sys_map(0, own, (u64)at, 0, PAGE_SIZE, RW), at); /* the caller's own are good */
	CHECK_EQ(sys_unmap(0, (u64)at, PAGE_SIZE), 0);
	CHECK_EQ(sys_revoke(memory), 0);
	CHECK_EQ(sys_close(own), 0);
	CHECK_EQ(sys_close(memory), 0);
}

/* It waited, and was told; or it ends. */
static void was_told(s64 result)
{
	if (result == -EBADF)
		sys_exit(TOO_LATE);
	CHECK_EQ(result, -EIDRM);
}

static void calls_and_is_told(u64 handle)
{
	struct message m = with(0);

	store(&shared->step, 1);
	was_told(sys_call(handle, &m));
	CHECK_EQ(sys_call(handle, &m), -EBADF);
}

static void receives_and_is_told(u64 handle)
{
	struct message m = with(0);

	store(&shared->step, 1);
	was_told(sys_reply_wait(handle, &m));
	CHECK_EQ(sys_reply_wait(handle, &m), -EBADF);
}

static void waits_and_is_told(u64 handle)
{
	u64 bits;

	store(&shared->step, 1);
	was_told(sys_wait(handle, WAIT_FOR_EVER, &bits));
	CHECK_EQ(sys_wait(handle, WAIT_FOR_EVER, &bits), -EBADF);
}

static void takes_and_is_told(u64 handle)
{
	struct message m = with(0);

	CHECK_EQ(sys_reply_wait(handle, &m), 0);
	store(&shared->step, 1);
	check_await(&shared->step, 2);
	CHECK_EQ(sys_reply_wait(handle, &m), -EBADF); /* and ends without a reply */
}

/* It does not say when it waits: if that was too late, another child is told. */
static void tell(void (*who_waits)(u64 handle), u64 handle)
{
	s64 status = TOO_LATE;

	while (status == TOO_LATE) {
		s64 child = child_of(who_waits, handle);

		let_it_wait();
		CHECK_EQ(sys_revoke(handle), 0);
		status = check_wait((u64)child);
	}
	CHECK_EQ(status, 0);
}

static void who_waits_is_told(void)
{
	u64 own = (u64)sys_endpoint(), bits = (u64)sys_notification();

	tell(calls_and_is_told, own);
	tell(receives_and_is_told, own);
	tell(waits_and_is_told, bits);
	CHECK_EQ(sys_signal(bits, 1), 0);
	CHECK_EQ(sys_close(bits), 0);
	CHECK_EQ(sys_close(own), 0);
}

/* --- the caller's own threads ------------------------------------------------------------------
 */

static u64 served; /* an endpoint */

static void answer_on(u64 unused)
{
	struct message m = with(0);

	(void)unused;
	while (sys_reply_wait(served, &m) == 0)
		m.word[0]++;
	for (;;)
		sys_yield();
}

static void calls_own(u64 unused)
{
	struct message m = with(0);

	(void)unused;
	CHECK_EQ(sys_call(served, &m), -EPIPE); /* who took it has ended */
	store(&shared->step, 3);
	for (;;)
		sys_yield();
}

static void own_threads(u64 unused)
{
	struct message m = with(0);
	s64 child;

	(void)unused;
	served = (u64)sys_endpoint();
	child = child_of(takes_and_is_told, served);
	check_thread(calls_own, 0);
	check_await(&shared->step, 1);
	CHECK_EQ(sys_revoke(served), 0);
	store(&shared->step, 2);
	end_child(child);
	check_await(&shared->step, 3);
	check_thread(answer_on, 0);
	for (u32 i = 0; i < ROUNDS; i++) {
		m.word[0] = i;
		CHECK_EQ(sys_call(served, &m), 0);
		CHECK_EQ(m.word[0], i + 1);
		CHECK_EQ(sys_revoke(served), 0); /* who answers goes on to wait there */
	}
}

/* @run in a task of its own, whose threads all end with it. */
static void alone(void (*run)(u64 handle))
{
	s64 child;

	store(&shared->failures, ~0ul);
	child = sys_fork();
	if (child == 0) {
		run(0);
		store(&shared->failures, (u64)check_failures);
		sys_kill(0);
	}
	CHECK_EQ(check_wait((u64)child), -EINTR);
	CHECK_EQ(load(&shared->failures), 0);
}

/* --- on its way ------------------------------------------------------------------------------ */

static void kill_child(s64 child)
{
	CHECK_EQ(sys_kill((u64)child), 0);
	CHECK_EQ(check_wait((u64)child), -EINTR);
}

static void sends(u64 memory)
{
	struct message m = with(memory);

	store(&shared->step, 1);
	sys_call_handle(ep, &m);
}

static void sends_and_takes_back(u64 unused)
{
	u64 own = (u64)sys_endpoint();
	struct message m = with(own);

	(void)unused;
	CHECK_EQ(sys_call_handle(ep, &m), 0);
	m = with((u64)sys_revoke(own));
	sys_call(ep, &m);
}

static void in_messages(void)
{
	u64 memory = (u64)sys_memory(PAGE_SIZE), came;
	struct message m = with(0);
	s64 child = child_of(sends, memory);

	let_it_wait();
	CHECK_EQ(sys_revoke(memory), 0);
	CHECK_EQ(sys_reply_wait(ep, &m), MESSAGE_HANDLE);
	CHECK_EQ(m.word[HANDLE_IN], 0); /* it was taken back on the way */
	kill_child(child);
	CHECK_EQ(sys_close(memory), 0);
	child = child_of(sends_and_takes_back, 0);
	CHECK_EQ(sys_reply_wait(ep, &m), MESSAGE_HANDLE);
	came = m.word[HANDLE_IN];
	has_no_right(came);
	CHECK_EQ(sys_reply_wait(ep, &m), 0);
	CHECK_EQ(m.word[HANDLE_IN], 0);
	CHECK_EQ(sys_duplicate(came, 0), -EBADF);
	kill_child(child);
}

static void revokes_from_its_parent(u64 unused)
{
	(void)unused;
	check_await(&shared->step, 1);
	CHECK_EQ(sys_revoke(load(&shared->given[0])), 0);
}

/* Who is given the right has it, and the giver's handle is gone as well. */
static void right_is_given(void)
{
	u64 own = (u64)sys_endpoint();
	s64 child = child_of(revokes_from_its_parent, 0);

	store(&shared->given[0], (u64)sys_give((u64)child, own, RIGHT_CALL | RIGHT_REVOKE));
	store(&shared->step, 1);
	end_child(child);
	CHECK_EQ(sys_close(own), -EBADF);
}

static void arguments_are_checked(void)
{
	static const u64 bad[] = { 0, ~0ul, 1ul << 32, 255, 1ul << 63 };
	u64 own = (u64)sys_endpoint(), less = (u64)sys_duplicate(own, RIGHT_CALL);
	u64 task = (u64)sys_task("", 0, 0);

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_EQ(sys_revoke(bad[i]), -EBADF);
	CHECK_EQ(sys_revoke(less), -EPERM);
	CHECK_EQ(sys_revoke(task), 0);
	CHECK_EQ(sys_revoke(own), 0);
	CHECK_EQ(sys_close(less), 0);
	CHECK_EQ(sys_close(own), 0);
	CHECK_EQ(sys_revoke(own), -EBADF);
	CHECK_EQ(sys_close(task), 0);
}

/* --- races: calls ------------------------------------------------------------------------------
 */

static void answer_and_count(u64 unused)
{
	struct message m = with(0);

	(void)unused;
	while (sys_reply_wait(served, &m) == 0)
		shared->answered++;
	store(&shared->failures, ~1ul);
}

static NORETURN void call_on(u64 i)
{
	struct message m = with(0);

	for (;;) {
		s64 result = sys_call(load(&shared->given[i]), &m);

		if (result != 0 && result != -EIDRM && result != -EBADF)
			sys_exit(result);
		if (result != 0)
			sys_yield();
	}
}

static u64 answered_after_a_while(void)
{
	for (u32 i = 0; i < A_WHILE; i++)
		sys_yield();
	return load(&shared->answered);
}

/* Others call, and what they call by is taken back: then no more calls come. */
static void calls_race(u64 unused)
{
	s64 callers[CALLERS];
	struct rand r = { 1 };

	(void)unused;
	served = (u64)sys_endpoint();
	shared->answered = 0;
	check_thread(answer_and_count, 0);
	for (u32 i = 0; i < CALLERS; i++) {
		store(&shared->given[i], 0);
		callers[i] = sys_fork();
		if (callers[i] == 0)
			call_on(i);
	}
	for (u32 round = 0; round < ROUNDS; round++) {
		u64 before = load(&shared->answered), after;

		CHECK_EQ(sys_revoke(served), 0); /* of the first round's forks */
		for (u32 i = 0; i < CALLERS; i++)
			store(&shared->given[i],
			      (u64)sys_give((u64)callers[i], served, RIGHT_CALL));
		before += rand_below(&r, A_WHILE);
		while (load(&shared->answered) <= before)
			sys_yield();
		CHECK_EQ(sys_revoke(served), 0);
		after = answered_after_a_while();
		CHECK_EQ(answered_after_a_while(), after);
	}
	for (u32 i = 0; i < CALLERS; i++)
		kill_child(callers[i]);
}

/* --- races: handles go round -------------------------------------------------------------------
 */

/* In a fork: what was copied is gone when it was taken back. */
static NORETURN void outlive(u64 handle)
{
	check_await(&shared->pause, 1);
	sys_exit(sys_duplicate(handle, 0) == -EBADF ? 0 : 1);
}

/* Copies one, gives one to the other, or drops one. */
static void pass_on(struct rand *r, u64 me)
{
	u64 *mine = shared->slots[me], *others = shared->slots[1 - me];
	u64 from = load(&mine[rand_below(r, SLOTS)]), *to = &mine[rand_below(r, SLOTS)];
	s64 handle;

	if (rand_below(r, 2) == 0) {
		handle = sys_give(load(&shared->other[me]), from, RIGHT_WRITE | RIGHT_DUPLICATE);
		to = &others[rand_below(r, SLOTS)];
	} else {
		handle = sys_duplicate(from, RIGHT_WRITE | RIGHT_DUPLICATE);
		sys_close(load(to));
	}
	if (handle > 0)
		store(to, (u64)handle);
}

static void check_nothing_left(u64 me)
{
	for (u32 i = 0; i < SLOTS; i++) {
		u64 handle = load(&shared->slots[me][i]);

		if (handle != 0 && sys_duplicate(handle, 0) != -EBADF)
			__atomic_fetch_add(&shared->failures, 1, __ATOMIC_RELAXED);
		store(&shared->slots[me][i], 0);
	}
}

static NORETURN void steal(u64 me)
{
	struct rand r = { me + 1 };

	for (u64 round = 1;; round++) {
		u64 fork_at = rand_below(&r, A_WHILE), n = 0;
		s64 child = 0;

		check_await(&shared->step, round);
		while (load(&shared->pause) == 0) {
			u64 copied = load(&shared->slots[me][0]);

			pass_on(&r, me);
			shared->steps++;
			if (n++ == fork_at && (child = sys_fork()) == 0)
				outlive(copied);
		}
		check_nothing_left(me);
		if (child > 0 && check_wait((u64)child) != 0)
			__atomic_fetch_add(&shared->failures, 1, __ATOMIC_RELAXED);
		__atomic_fetch_add(&shared->paused, 1, __ATOMIC_RELEASE);
	}
}

static void start_thieves(s64 thieves[THIEVES])
{
	for (u64 i = 0; i < THIEVES; i++) {
		thieves[i] = sys_fork();
		if (thieves[i] == 0)
			steal(i);
	}
	for (u64 i = 0; i < THIEVES; i++)
		store(&shared->other[i],
		      (u64)sys_give((u64)thieves[i], (u64)thieves[1 - i], RIGHT_CONTROL));
}

static void handles_go_round(void)
{
	struct rand r = { 3 };
	s64 thieves[THIEVES];
	u64 memory, until;

	shared->step = 0;
	shared->failures = 0;
	start_thieves(thieves);
	memory = (u64)sys_memory(PAGE_SIZE);
	for (u64 round = 1; round <= ROUNDS; round++) {
		store(&shared->pause, 0);
		store(&shared->paused, 0);
		for (u64 i = 0; i < THIEVES; i++)
			store(&shared->slots[i][0], (u64)sys_give((u64)thieves[i], memory,
								  RIGHT_WRITE | RIGHT_DUPLICATE));
		until = load(&shared->steps) + rand_below(&r, A_WHILE);
		store(&shared->step, round);
		while (load(&shared->steps) <= until)
			sys_yield();
		CHECK_EQ(sys_revoke(memory), 0);
		store(&shared->pause, 1);
		check_await(&shared->paused, THIEVES);
	}
	for (u64 i = 0; i < THIEVES; i++)
		kill_child(thieves[i]);
	CHECK_EQ(load(&shared->failures), 0);
	CHECK_EQ(sys_close(memory), 0);
}

int main(void)
{
	s64 at = sys_map(0, 0, 0, 0, PAGE_SIZE, RW | MAP_SHARED);

	CHECK(at > 0);
	shared = (void *)(uintptr_t)at;
	shared->step = 0; /* the page is there before it is shared */
	ep = (u64)sys_endpoint();
	arguments_are_checked();
	memory_is_taken_back();
	who_waits_is_told();
	alone(own_threads);
	in_messages();
	right_is_given();
	alone(calls_race);
	handles_go_round();
	return check_failures;
}
