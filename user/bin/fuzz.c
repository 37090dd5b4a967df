/* SPDX-License-Identifier: MIT */
/*
 * user/bin/fuzz.c - any system call with any arguments, from several threads, for ever: to be
 * killed.  The argument is the seed; the first handle, if there is one, is anything.
 *
 * Arguments are chosen so that calls get far: handles that there are, addresses of its own and
 * their ends, lengths near powers of two, and what no program may use.  Nothing is expected of a
 * result: what must hold is that the kernel goes on, and gets everything back.
 */
#include "lib/rand.h"
#include "user/lib/check.h"

#define THREADS	    5u
#define HANDLES	    32u
#define CHILD_CALLS 40u /* of a fork, which then ends */
#define NAME	    "bin/hello"
#define MAP_AT	    (1ul << 40)
#define MAP_PAGES   16ul
#define HANDLE_WORD 6
#define LONG_WORD   6
#define SHORT_NS    100000ul

/* What all threads of the task share, without a lock: a torn word is an argument as well. */
static volatile u64 handles[HANDLES];
static u64 page_end, bad[] = BAD_ADDRESSES;
static char text[64] = NAME;

static bool one_in(struct rand *rnd, u64 n)
{
	return rand_below(rnd, n) == 0;
}

/* --- arguments ------------------------------------------------------------------------------- */

static u64 a_handle(struct rand *rnd)
{
	return handles[rand_next(rnd) % HANDLES];
}

static u64 an_address(struct rand *rnd)
{
	switch (rand_next(rnd) % 5) {
	case 0:
		return (uintptr_t)text;
	case 1:
		return page_end - rand_next(rnd) % 64;
	case 2:
		return MAP_AT + rand_next(rnd) % MAP_PAGES * PAGE_SIZE;
	case 3:
		return MAP_AT + rand_next(rnd) % (MAP_PAGES * PAGE_SIZE);
	default:
		return bad[rand_next(rnd) % ARRAY_SIZE(bad)];
	}
}

static u64 a_number(struct rand *rnd)
{
	switch (rand_next(rnd) % 4) {
	case 0:
		return rand_next(rnd) % 16;
	case 1:
		return PAGE_SIZE * (rand_next(rnd) % MAP_PAGES);
	case 2:
		return (1ul << rand_next(rnd) % 64) + rand_next(rnd) % 3 - 1;
	default:
		return rand_next(rnd);
	}
}

static u64 an_argument(struct rand *rnd)
{
	switch (rand_next(rnd) % 3) {
	case 0:
		return a_handle(rnd);
	case 1:
		return an_address(rnd);
	default:
		return a_number(rnd);
	}
}

/* --- calls ----------------------------------------------------------------------------------- */

/* Does @number's result stand for an object? */
static bool makes_a_handle(u64 number)
{
	switch (number) {
	case SYS_ENDPOINT:
	case SYS_DUPLICATE:
	case SYS_NOTIFICATION:
	case SYS_TIMER:
	case SYS_IRQ:
	case SYS_PORTS:
	case SYS_TASK:
	case SYS_FORK:
	case SYS_MEMORY:
	case SYS_PAGER:
	case SYS_FRAMEBUFFER:
		return true;
	default:
		return false;
	}
}

/* Another may have it just now: then it is a handle that was closed. */
static void keep(struct rand *rnd, u64 handle)
{
	u64 i = rand_next(rnd) % HANDLES, before = handles[i];

	handles[i] = handle;
	if (before != 0 && !one_in(rnd, 4))
		sys_close(before);
}

/* What ends the thread, blocks it for long or fills the log comes now and then only. */
static bool is_rare(u64 number)
{
	return number == SYS_EXIT || number == SYS_LOG || number == SYS_THREAD ||
	       number == SYS_UNMAP || number == SYS_PAGER || number == SYS_REPLY_WAIT ||
	       number == SYS_REPLY_WAIT_HANDLE || number == SYS_REPLY_WAIT_LONG;
}

/* As arguments that make sense of @number, so that more than its first check is met. */
static void improve(struct rand *rnd, u64 number, struct message *m)
{
	if (number == SYS_WAIT || number == SYS_TASK_WAIT || number == SYS_CPU)
		m->word[0] = rand_next(rnd) % SHORT_NS;
	if (number == SYS_PAGER)
		m->word[0] = a_handle(rnd);
	if (number == SYS_FRAMEBUFFER)
		m->word[0] = an_address(rnd);
	if (number == SYS_CALL_HANDLE || number == SYS_REPLY_WAIT_HANDLE)
		m->word[HANDLE_WORD] = a_handle(rnd);
	if (number == SYS_CALL_LONG || number == SYS_REPLY_WAIT_LONG)
		m->word[LONG_WORD] = 1 + rand_next(rnd) % LONG_WORDS_MAX;
	if (number == SYS_BUFFER)
		m->word[0] = rand_next(rnd) % MAP_PAGES * PAGE_SIZE;
	if (number != SYS_MAP)
		return;
	m->word[0] = one_in(rnd, 2) ? 0 : a_handle(rnd);
	m->word[1] = MAP_AT + rand_next(rnd) % MAP_PAGES * PAGE_SIZE;
	m->word[2] = 0;
	m->word[3] = (1 + rand_next(rnd) % 4) * PAGE_SIZE;
	m->word[4] = rand_next(rnd) % 64;
}

/* A call, and what comes of it.  True: this is a fork's child now. */
static bool call_something(struct rand *rnd, bool may_fork)
{
	u64 number = rand_next(rnd) % (SYS_NUMBERS + 2);
	u64 first = one_in(rnd, 4) ? an_argument(rnd) : a_handle(rnd);
	struct message m;
	s64 result;

	if ((is_rare(number) && !one_in(rnd, 32)) ||
	    (!may_fork && (number == SYS_FORK || number == SYS_TASK)))
		return false;
	for (u32 i = 0; i < MESSAGE_WORDS; i++)
		m.word[i] = an_argument(rnd);
	if (!one_in(rnd, 4))
		improve(rnd, number, &m);
	if (number == SYS_MAP || number == SYS_UNMAP || number == SYS_PROTECT ||
	    number == SYS_PAGER)
		first = one_in(rnd, 2) ? 0 : first;
	if (number == SYS_TIMEOUT)
		first = 1 + rand_next(rnd) % SHORT_NS;
	result = syscall_message((enum syscall_number)number, first, &m);
	if (number == SYS_FORK && result == 0)
		return true;
	if (result > 0 && makes_a_handle(number))
		keep(rnd, (u64)result);
	if (result == MESSAGE_HANDLE && number != SYS_FILE_NAME)
		keep(rnd, m.word[HANDLE_WORD]);
	return false;
}

static void be_a_child(struct rand *rnd)
{
	for (u32 i = 0; i < CHILD_CALLS; i++)
		call_something(rnd, false);
	sys_exit(0);
}

static void fuzz(u64 seed)
{
	struct rand rnd = { seed };

	sys_timeout(SHORT_NS);
	for (;;)
		if (call_something(&rnd, true))
			be_a_child(&rnd);
}

int main(void)
{
	struct rand rnd = { program_arg };

	page_end = check_page_end();
	handles[0] = HANDLE_FIRST;
	for (u32 i = 0; i < THREADS; i++)
		check_thread(fuzz, rand_next(&rnd));
	fuzz(rand_next(&rnd));
	return 0;
}
