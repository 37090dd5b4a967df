/* SPDX-License-Identifier: MIT */
/*
 * user/bin/check_pager.c - faults that go to a pager: what it is told, what its replies do, and
 * what comes of it when it dies, refuses, or maps nothing.
 *
 * Each check has a client, which faults, and a pager, both forks.  The client says hello first,
 * with a call, so that it has a pager when it begins.
 */
#include "user/lib/check.h"

#define RW	(MAP_READ | MAP_WRITE)
#define PLACE	0x100000000000ul /* nothing is mapped there but by a pager */
#define PAGES	8ul
#define COOKIE	0xc001e5ul
#define PATTERN 0x5eed5eed5eedul
#define THREADS 4ul

#define HANDLES_TRIED 0x1000ul /* none that was given here is above */

/* What all forks see. */
static struct {
	u64 asked;    /* how many faults were told, */
	u64 failures; /* and checks of pagers' that failed */
	u64 done[THREADS];
} * shared;

static u64 ep, client, memory; /* handles; the second is the pager's */
static bool with_handle;       /* that is how a pager replies */

/* --- the two sides --------------------------------------------------------------------------- */

/* What a pager does with a fault; the message is its reply then. */
typedef void (*answer_fn)(struct message *m);

static NORETURN void be_client(void (*run)(void))
{
	struct message m = { { 0 } };

	CHECK_EQ(sys_call(ep, &m), 0);
	run();
	sys_exit(check_failures);
}

static void answer_fault(struct message *m, answer_fn answer)
{
	shared->asked++;
	CHECK(m->word[0] >= PLACE && m->word[0] < PLACE + PAGES * PAGE_SIZE);
	CHECK_EQ(m->word[2], COOKIE);
	CHECK(m->word[3] != 0);
	answer(m);
	shared->failures = (u64)check_failures;
}

static NORETURN void be_pager(answer_fn answer)
{
	struct message m = { { 0 } };

	check_failures = 0;
	CHECK(sys_pager(client, ep, COOKIE) > 0);
	for (;;) {
		s64 result = with_handle ? sys_reply_wait_handle(ep, &m) : sys_reply_wait(ep, &m);

		if (result == MESSAGE_FAULT) {
			answer_fault(&m, answer);
			continue;
		}
		CHECK_EQ(result, 0); /* the client's hello */
		if (result != 0)
			sys_exit(check_failures);
		m = (struct message){ { 0 } };
	}
}

/* @run in a client whose pager does @answer: the client's status. */
static s64 client_of(void (*run)(void), answer_fn answer)
{
	s64 pager, task, status;

	shared->asked = 0;
	shared->failures = 0;
	task = sys_fork();
	if (task == 0)
		be_client(run);
	client = (u64)task;
	pager = sys_fork();
	if (pager == 0)
		be_pager(answer);
	status = check_wait(client);
	CHECK_EQ(sys_kill((u64)pager), 0);
	(void)check_wait((u64)pager);
	CHECK_EQ(shared->failures, 0);
	return status;
}

static u64 page_of(const struct message *m)
{
	return m->word[0] / PAGE_SIZE * PAGE_SIZE;
}

static volatile u64 *word_at(u64 page)
{
	return (volatile u64 *)(PLACE + page * PAGE_SIZE + 24);
}

/* --- pagers ---------------------------------------------------------------------------------- */

static void map(struct message *m, u64 rights)
{
	u64 page = page_of(m);

	CHECK_EQ(sys_map(client, memory, page, page - PLACE, PAGE_SIZE, rights), page);
	m->word[0] = 0;
}

static void gives_all(struct message *m)
{
	map(m, RW);
}

/* Who faulted has registers of its own, and no word for a handle. */
static void gives_a_handle_too(struct message *m)
{
	map(m, RW);
	for (size_t i = 1; i < 6; i++)
		m->word[i] = PATTERN;
	m->word[6] = memory;
	with_handle = true;
}

/* Only what was asked for, so that a page is asked for twice. */
static void gives_little(struct message *m)
{
	u64 access = m->word[1];

	CHECK(access == MAP_READ || access == MAP_WRITE);
	if (access == MAP_WRITE)
		CHECK_EQ(sys_unmap(client, page_of(m), PAGE_SIZE), 0);
	map(m, access == MAP_WRITE ? RW : MAP_READ);
}

static void gives_at_the_third_time(struct message *m)
{
	if (shared->asked % 3 == 0)
		map(m, RW);
	else
		m->word[0] = 0;
}

static void refuses(struct message *m)
{
	CHECK_EQ(m->word[1], MAP_EXEC);
	m->word[0] = (u64)-ENODEV;
}

static void says_nonsense(struct message *m)
{
	m->word[0] = PATTERN;
}

static void dies(struct message *m)
{
	(void)m;
	sys_exit(0);
}

/* --- clients --------------------------------------------------------------------------------- */

static void writes_and_reads(void)
{
	for (u64 i = 0; i < PAGES; i++)
		*word_at(i) = PATTERN + i;
	for (u64 i = 0; i < PAGES; i++)
		CHECK_EQ(*word_at(i), PATTERN + i);
}

static void reads_and_writes(void)
{
	for (u64 i = 0; i < PAGES; i++)
		CHECK_EQ(*word_at(i), PATTERN + i); /* writes_and_reads()' */
	for (u64 i = 0; i < PAGES; i++)
		*word_at(i) = i;
	for (u64 i = 0; i < PAGES; i++)
		CHECK_EQ(*word_at(i), i);
}

static void executes(void)
{
	((void (*)(void))PLACE)();
}

static void reads(void)
{
	CHECK_EQ(*word_at(0), 0);
}

/* The kernel asks no pager. */
static void lets_the_kernel_read(void)
{
	CHECK_EQ(syscall2(SYS_LOG, PLACE, 8), -EFAULT);
	*word_at(0) = PATTERN;
	CHECK_EQ(syscall2(SYS_LOG, PLACE, 8), 0);
	CHECK_EQ(syscall2(SYS_LOG, PLACE + PAGE_SIZE - 4, 8), -EFAULT);
}

/* Its pager's handle is its own to close. */
static void closes_and_reads(void)
{
	s64 own = sys_endpoint();

	CHECK_EQ(sys_pager(0, (u64)own, 0), -EBUSY);
	CHECK_EQ(sys_close((u64)own), 0);
	for (u64 handle = HANDLE_FIRST; handle < HANDLES_TRIED; handle++)
		if (handle != ep)
			(void)sys_close(handle);
	(void)*word_at(0);
}

static void writes_own_pages(u64 n)
{
	for (u64 i = n; i < PAGES; i += THREADS)
		*word_at(i) = i;
	shared->done[n] = 1;
	for (;;)
		sys_yield();
}

static void writes_with_threads(void)
{
	for (u64 n = 1; n < THREADS; n++)
		check_thread(writes_own_pages, n);
	*word_at(0) = 0;
	for (u64 n = 1; n < THREADS; n++)
		check_await(&shared->done[n], 1);
	for (u64 i = 1; i < PAGES; i++)
		CHECK_EQ(*word_at(i), i % THREADS != 0 ? i : 0);
	sys_kill(0); /* the others would go on */
}

/* --- checks ---------------------------------------------------------------------------------- */

static void replies_map_pages(void)
{
	CHECK_EQ(client_of(writes_and_reads, gives_all), 0);
	CHECK_EQ(shared->asked, PAGES);
	CHECK_EQ(client_of(reads_and_writes, gives_little), 0);
	CHECK_EQ(shared->asked, 2 * PAGES);
	CHECK_EQ(client_of(writes_and_reads, gives_at_the_third_time), 0);
	CHECK_EQ(shared->asked, 3 * PAGES);
	CHECK_EQ(client_of(writes_and_reads, gives_a_handle_too), 0);
	CHECK_EQ(shared->asked, PAGES);
	CHECK_EQ(client_of(lets_the_kernel_read, gives_all), 0);
	CHECK_EQ(shared->asked, 1);
}

static void threads_fault_at_once(void)
{
	u64 fresh = memory;

	memory = (u64)sys_memory(PAGES * PAGE_SIZE);
	CHECK_EQ(client_of(writes_with_threads, gives_all), -EINTR);
	CHECK(shared->asked >= PAGES - 1);
	CHECK_EQ(sys_close(memory), 0);
	memory = fresh;
}

/* Pages behind each other, as a pager maps them; what the last one could be mapped with wrongly. */
static void pages_in_a_row(void)
{
	s64 task = sys_task("", 0, 0), look = sys_duplicate((u64)task, RIGHT_INSPECT);
	s64 reads_only = sys_duplicate(memory, RIGHT_DUPLICATE);
	const u64 to = (u64)task, at = PLACE + 2 * PAGE_SIZE, from = 2 * PAGE_SIZE;
	const u64 beyond = PAGES * PAGE_SIZE;

	CHECK_EQ(sys_map(to, memory, PLACE, 0, PAGE_SIZE, RW), PLACE);
	CHECK_EQ(sys_map(to, memory, PLACE + PAGE_SIZE, PAGE_SIZE, PAGE_SIZE, RW),
		 PLACE + PAGE_SIZE);
	CHECK_EQ(sys_map(to, (u64)reads_only, at, from, PAGE_SIZE, RW), -EPERM);
	CHECK_EQ(sys_map((u64)look, memory, at, from, PAGE_SIZE, RW), -EBADF);
	CHECK_EQ(sys_map(memory, memory, at, from, PAGE_SIZE, RW), -EBADF);
	CHECK_EQ(sys_map(to, to, at, from, PAGE_SIZE, RW), -EBADF);
	CHECK_EQ(sys_map(to, memory, at, from, PAGE_SIZE, RW | MAP_EXEC), -EINVAL);
	CHECK_EQ(sys_map(to, memory, at, from, beyond, RW), -EINVAL);
	CHECK_EQ(sys_map(to, memory, at, from, 0, RW), -EINVAL);
	CHECK_EQ(sys_map(to, memory, at, from + 8, PAGE_SIZE, RW), -EINVAL);
	CHECK_EQ(sys_map(to, memory, at, from, beyond - from, RW), at);
	CHECK_EQ(sys_map(to, memory, at, from, PAGE_SIZE, RW), -EEXIST);
	CHECK_EQ(sys_map(to, memory, PLACE + beyond, beyond, PAGE_SIZE, RW), -EINVAL);
	CHECK_EQ(sys_unmap(to, at, PAGE_SIZE), 0);
	CHECK_EQ(sys_map(to, (u64)reads_only, at, from, PAGE_SIZE, MAP_READ), at);
	CHECK_EQ(sys_protect(to, at, PAGE_SIZE, RW), -EPERM);
	CHECK_EQ(sys_protect(to, PLACE, from, RW), 0);
	CHECK_EQ(sys_close((u64)reads_only), 0);
	CHECK_EQ(sys_close((u64)look), 0);
	CHECK_EQ(sys_close(to), 0);
}

static void pagers_that_do_not_help(void)
{
	CHECK_EQ(client_of(executes, refuses), -ENODEV);
	CHECK_EQ(client_of(reads, says_nonsense), -EFAULT);
	CHECK_EQ(client_of(reads, dies), -EPIPE);
	CHECK_EQ(client_of(closes_and_reads, gives_all), -EBADF);
}

static void arguments_are_checked(void)
{
	static const u64 bad[] = { 0, ~0ul, 1ul << 32, 255, 1ul << 63 };
	s64 receive = sys_duplicate(ep, RIGHT_RECEIVE | RIGHT_DUPLICATE);
	s64 call = sys_duplicate(ep, RIGHT_CALL);
	s64 task = sys_task("", 0, 0), look = sys_duplicate((u64)task, RIGHT_INSPECT);

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_EQ(sys_pager((u64)task, bad[i], 0), -EBADF);
		if (bad[i] != 0)
			CHECK_EQ(sys_pager(bad[i], ep, 0), -EBADF);
	}
	CHECK_EQ(sys_pager((u64)task, (u64)receive, 0), -EBADF);
	CHECK_EQ(sys_pager((u64)task, (u64)call, 0), -EBADF);
	CHECK_EQ(sys_pager((u64)task, memory, 0), -EBADF);
	CHECK_EQ(sys_pager((u64)look, ep, 0), -EBADF);
	CHECK_EQ(sys_pager((u64)task, ep, 0), HANDLE_FIRST);
	CHECK_EQ(sys_pager((u64)task, ep, 0), -EBUSY);
	CHECK_EQ(sys_close((u64)task), 0);
	CHECK_EQ(sys_close((u64)look), 0);
	CHECK_EQ(sys_close((u64)call), 0);
	CHECK_EQ(sys_close((u64)receive), 0);
}

int main(void)
{
	s64 at = sys_map(0, 0, 0, 0, PAGE_SIZE, RW | MAP_SHARED);

	CHECK(at > 0);
	shared = (void *)(uintptr_t)at;
	shared->asked = 0; /* the page is there before it is shared */
	ep = (u64)sys_endpoint();
	memory = (u64)sys_memory(PAGES * PAGE_SIZE);
	arguments_are_checked();
	pages_in_a_row();
	replies_map_pages();
	threads_fault_at_once();
	pagers_that_do_not_help();
	return check_failures;
}
