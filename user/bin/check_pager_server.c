/* SPDX-License-Identifier: MIT */
/*
 * user/bin/check_pager_server.c - the pager (user/bin/pager.c) as its clients see it: pages that
 * read as 0, snapshots of which each side keeps its own, arguments of all kinds, and the end of
 * either side.
 *
 * Clients are forks.  What they have to say to each other lies in a page that all share.
 */
#include "user/lib/check.h"
#include "lib/string.h"
#include "user/lib/pager.h"
#include "user/lib/spawn.h"

#define RW	     (MAP_READ | MAP_WRITE)
#define PLACE	     0x100000000000ul /* nothing is mapped there but by the pager */
#define PAGES	     16ul
#define SERVER_PAGES 0ul /* no limit of its own */
#define GENERATIONS  4ul
#define THREADS	     3ul
#define ROUNDS	     6u
#define KILLED	     4u /* snapshots, each while it writes */
#define SPAN_NS	     1000000ul

static struct {
	u64 step, failures;
	u64 done[THREADS];
} * shared;

static u64 server, ep; /* handles */

/* --- pages ------------------------------------------------------------------------------------ */

static volatile u64 *word_at(u64 page)
{
	return (volatile u64 *)(PLACE + page * PAGE_SIZE + 8 * page);
}

static void write_all(u64 value)
{
	for (u64 page = 0; page < PAGES; page++)
		*word_at(page) = value + page;
}

static void expect_all(u64 value)
{
	for (u64 page = 0; page < PAGES; page++)
		CHECK_EQ(*word_at(page), value + page);
}

static bool is_zero(u64 page)
{
	const volatile u64 *word = (const volatile u64 *)(PLACE + page * PAGE_SIZE);

	for (u64 i = 0; i < PAGE_SIZE / sizeof(*word); i++)
		if (word[i] != 0)
			return false;
	return true;
}

/* --- tasks ------------------------------------------------------------------------------------ */

static void start_server(void)
{
	char name[] = "pager", *words[] = { name };
	u64 all;

	server = (u64)spawn_task(words, 1, SERVER_PAGES);
	all = (u64)sys_endpoint();
	ep = (u64)sys_duplicate(all, RIGHT_CALL | RIGHT_DUPLICATE);
	CHECK_EQ(sys_give(server, all, RIGHT_RECEIVE), HANDLE_FIRST);
	CHECK_EQ(sys_close(all), 0); /* nobody else is to receive there */
	CHECK_EQ(sys_thread(server, 0, 0, 0, 0, ANY_CPU), 0);
	CHECK_EQ(pager_used(ep), 0);
}

static void end_server(void)
{
	CHECK_EQ(pager_used(ep), 0);
	CHECK_EQ(sys_kill(server), 0);
	CHECK_EQ(check_wait(server), -EINTR);
	CHECK_EQ(sys_close(ep), 0);
}

/* What a fork does, and then ends with its failures; others see them too, if nobody waits. */
static NORETURN void be(void (*run)(void))
{
	check_failures = 0;
	run();
	__atomic_fetch_add(&shared->failures, (u64)check_failures, __ATOMIC_SEQ_CST);
	sys_exit(check_failures);
}

/* A client with a region of PAGES, which runs @run: its handle. */
static u64 start_client(void (*run)(void))
{
	s64 client;

	shared->step = 0;
	memset(shared->done, 0, sizeof(shared->done));
	client = pager_fork_without(ep);
	if (client == 0) {
		CHECK_EQ(pager_region(PLACE, PAGES), 0);
		be(run);
	}
	CHECK(client > 0);
	return (u64)client;
}

static s64 client_of(void (*run)(void))
{
	return check_wait(start_client(run));
}

/* A snapshot of the current client, which runs @run. */
static u64 start_child(void (*run)(void))
{
	s64 child = pager_fork();

	if (child == 0)
		be(run);
	CHECK(child > 0);
	return (u64)child;
}

static void step(u64 to)
{
	__atomic_store_n(&shared->step, to, __ATOMIC_SEQ_CST);
}

static void await_step(u64 n)
{
	check_await(&shared->step, n);
}

/* --- pages that read as 0 --------------------------------------------------------------------- */

static void reads_and_writes(void)
{
	for (u64 page = 0; page < PAGES; page += 2)
		CHECK(is_zero(page));
	write_all(1000);
	expect_all(1000);
	CHECK_EQ(pager_used(ep), PAGES);
	CHECK_EQ(pager_region(PLACE + PAGES * PAGE_SIZE, 1), 0);
	CHECK(is_zero(PAGES));
	CHECK_EQ(pager_used(ep), PAGES + 1);
}

static void reads_behind_its_region(void)
{
	(void)*(volatile u8 *)(PLACE + PAGES * PAGE_SIZE);
}

static void reads_before_its_region(void)
{
	(void)*(volatile u8 *)(PLACE - 1);
}

static void executes(void)
{
	((void (*)(void))PLACE)();
}

static void writes_again_and_again(u64 n)
{
	for (u64 i = 1; i < 100; i++)
		for (u64 page = 0; page < PAGES; page++)
			word_at(page)[1 + n] = i + page;
	shared->done[n] = 1;
	for (;;)
		sys_yield();
}

static void writes_with_threads(void)
{
	for (u64 n = 0; n < THREADS; n++)
		check_thread(writes_again_and_again, n);
	for (u64 n = 0; n < THREADS; n++)
		check_await(&shared->done[n], 1);
	for (u64 page = 0; page < PAGES; page++)
		for (u64 n = 0; n < THREADS; n++)
			CHECK_EQ(word_at(page)[1 + n], 99 + page);
	shared->failures += (u64)check_failures;
	sys_kill(0); /* the others would go on */
}

static void takes_its_pages_away(void)
{
	write_all(5);
	CHECK_EQ(sys_protect(0, PLACE, PAGE_SIZE, MAP_READ), 0);
	*word_at(0) = 6; /* writable again */
	CHECK_EQ(sys_unmap(0, PLACE, PAGES * PAGE_SIZE), 0);
	CHECK_EQ(*word_at(0), 6);
	CHECK_EQ(*word_at(1), 6);
	CHECK_EQ(sys_unmap(0, PLACE, PAGE_SIZE), 0);
	CHECK_EQ(sys_map(0, 0, PLACE, 0, PAGE_SIZE, MAP_READ), PLACE);
	CHECK_EQ(*word_at(0), 0);
	*word_at(0) = 7; /* its own page */
	CHECK_EQ(*word_at(0), 7);
}

static void pages_come(void)
{
	CHECK_EQ(client_of(reads_and_writes), 0);
	CHECK_EQ(client_of(reads_behind_its_region), -EFAULT);
	CHECK_EQ(client_of(reads_before_its_region), -EFAULT);
	CHECK_EQ(client_of(executes), -EFAULT);
	CHECK_EQ(client_of(writes_with_threads), -EINTR);
	CHECK_EQ(client_of(takes_its_pages_away), 0);
	CHECK_EQ(shared->failures, 0);
	CHECK_EQ(pager_used(ep), 0);
}

/* --- snapshots -------------------------------------------------------------------------------- */

/* Pages 0..7 were written before; 0..3 the child writes, 2..5 and 8 the parent. */
static void is_a_copy(void)
{
	CHECK_EQ(*word_at(7), 107);
	CHECK_EQ(sys_protect(0, PLACE + 7 * PAGE_SIZE, PAGE_SIZE, RW), -EPERM);
	for (u64 page = 0; page < 4; page++)
		*word_at(page) += 100;
	step(1);
	await_step(2);
	for (u64 page = 0; page < 8; page++)
		CHECK_EQ(*word_at(page), (page < 4 ? 200 : 100) + page);
	CHECK(is_zero(8));
	CHECK(is_zero(9));
	*word_at(9) = 9;
}

static void is_copied(void)
{
	u64 child;

	for (u64 page = 0; page < 8; page++)
		*word_at(page) = 100 + page;
	child = start_child(is_a_copy);
	await_step(1);
	for (u64 page = 0; page < 8; page++)
		CHECK_EQ(*word_at(page), 100 + page);
	for (u64 page = 2; page < 6; page++)
		*word_at(page) = 300 + page;
	*word_at(8) = 8;
	CHECK_EQ(pager_used(ep), 2 * PAGES);
	step(2);
	CHECK_EQ(check_wait(child), 0);
	for (u64 page = 0; page < 8; page++)
		CHECK_EQ(*word_at(page), (page >= 2 && page < 6 ? 300 : 100) + page);
	CHECK_EQ(*word_at(8), 8);
	CHECK(is_zero(9));
	CHECK_EQ(pager_used(ep), PAGES);
	write_all(1);
	expect_all(1);
}

static u64 generation; /* of this task */

/* Each writes a page of its own, and has what all before it had when they were copied. */
static void begets(void)
{
	u64 n = generation++;

	for (u64 page = 0; page < PAGES; page++)
		CHECK_EQ(*word_at(page), page < n ? 1000 * page : 50 + page);
	*word_at(n) = 1000 * n;
	if (generation < GENERATIONS)
		CHECK_EQ(check_wait(start_child(begets)), 0);
	for (u64 page = 0; page < PAGES; page++)
		CHECK_EQ(*word_at(page), page <= n ? 1000 * page : 50 + page);
}

static void has_descendants(void)
{
	write_all(50);
	begets();
}

/* It was made by one that has ended, whose pages it had in part, in part those of the first. */
static void is_an_orphan(void)
{
	await_step(1);
	for (u64 page = 0; page < PAGES; page++)
		CHECK_EQ(*word_at(page), (page < 4 ? 200 : 100) + page);
	write_all(300);
	step(2);
	await_step(3);
	expect_all(300);
	step(4);
}

static void leaves_an_orphan(void)
{
	for (u64 page = 0; page < 4; page++)
		*word_at(page) = 200 + page;
	CHECK_EQ(sys_close(start_child(is_an_orphan)), 0);
}

static void has_a_grandchild(void)
{
	write_all(100);
	CHECK_EQ(check_wait(start_child(leaves_an_orphan)), 0);
	CHECK_EQ(pager_used(ep), 2 * PAGES);
	step(1);
	await_step(2);
	expect_all(100);
	write_all(400);
	step(3);
	await_step(4);
	expect_all(400);
}

/* The first ends while two read its pages, and one of them writes. */
static void outlives(void)
{
	await_step(1);
	expect_all(100);
	step(2);
	await_step(3);
	expect_all(100);
	step(4);
}

static void outlives_and_writes(void)
{
	await_step(2);
	expect_all(100);
	write_all(500);
	step(3);
	await_step(4);
	expect_all(500);
	step(5);
}

static void leaves_two(void)
{
	write_all(100);
	CHECK_EQ(sys_close(start_child(outlives)), 0);
	CHECK_EQ(sys_close(start_child(outlives_and_writes)), 0);
}

static void has_nothing_of_a_plain_fork(void)
{
	s64 child;

	write_all(1);
	child = sys_fork();
	if (child == 0)
		be(reads_behind_its_region);
	CHECK_EQ(check_wait((u64)child), -EFAULT);
	child = sys_fork();
	if (child == 0) {
		(void)*word_at(0);
		sys_exit(0);
	}
	CHECK_EQ(check_wait((u64)child), -EFAULT);
	expect_all(1);
}

static void snapshots_are_copies(void)
{
	CHECK_EQ(client_of(is_copied), 0);
	CHECK_EQ(client_of(has_descendants), 0);
	CHECK_EQ(client_of(has_a_grandchild), 0);
	CHECK_EQ(client_of(leaves_two), 0);
	CHECK_EQ(pager_used(ep), 2 * PAGES);
	step(1);
	await_step(5);
	while (pager_used(ep) != 0)
		sys_yield();
	CHECK_EQ(client_of(has_nothing_of_a_plain_fork), 0);
	CHECK_EQ(shared->failures, 0);
}

/* --- arguments -------------------------------------------------------------------------------- */

static void asks_for_bad_regions(void)
{
	static const u64 bad[] = { 0,
				   8,
				   PAGE_SIZE,
				   PLACE * 2 + 1,
				   USER_END_MAX - PAGE_SIZE,
				   USER_END_MAX,
				   0xffff800000000000,
				   0xffffffff80000000,
				   0xfffffffffffff000,
				   ~0ul };
	static const u64 too_many[] = { PAGER_REGION_PAGES_MAX + 1, 1ul << 52, 1ul << 63, ~0ul };
	u64 end = PLACE + PAGES * PAGE_SIZE;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_EQ(pager_region(bad[i], 1), -EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(too_many); i++)
		CHECK_EQ(pager_region(end, too_many[i]), -ENOSPC);
	CHECK_EQ(pager_region(end, 0), -EINVAL);
	CHECK_EQ(pager_region(end + 1, 1), -EINVAL);
	CHECK_EQ(pager_region(PLACE, 1), -EEXIST);
	CHECK_EQ(pager_region(end - PAGE_SIZE, 2), -EEXIST);
	CHECK_EQ(pager_region(PLACE - PAGE_SIZE, PAGES + 2), -EEXIST);
	CHECK_EQ(pager_region((uintptr_t)shared, 1), -EEXIST);
	CHECK_EQ(pager_region(end, PAGER_REGION_PAGES_MAX), 0);
	CHECK_EQ(pager_region(PLACE << 1, PAGER_REGION_PAGES_MAX), -ENOSPC);
	CHECK_EQ(pager_used(ep), PAGES + PAGER_REGION_PAGES_MAX);
	write_all(3);
	expect_all(3);
}

static s64 ask(s64 (*call)(struct message *m), u64 what, u64 handle)
{
	struct message m = { { [PAGER_CALL] = what, [PAGER_HANDLE] = handle } };
	s64 result = call(&m);

	return result < 0 ? result : (s64)m.word[0];
}

static s64 plainly(struct message *m)
{
	return sys_call(ep, m);
}

static s64 with_handle(struct message *m)
{
	return sys_call_handle(ep, m);
}

static void asks_as_a_client(void)
{
	s64 other = sys_endpoint();

	CHECK_EQ(ask(sys_call_pager, PAGER_ATTACH, 0), -EBADF);
	CHECK_EQ(ask(sys_call_pager, PAGER_SNAPSHOT, 0), -EBADF);
	CHECK_EQ(ask(sys_call_pager, PAGER_SNAPSHOT, ~0ul), -EBADF);
	CHECK_EQ(ask(sys_call_pager, PAGER_SNAPSHOT, (u64)other), -EBADF);
	CHECK_EQ(ask(sys_call_pager, PAGER_USED, (u64)other), PAGES);
	CHECK_EQ(ask(sys_call_pager, ~0ul, (u64)other), -EOPNOTSUPP);
	CHECK_EQ(sys_close((u64)other), 0);
}

static void does_nothing(void)
{
}

/* The public endpoint with somebody's cookie makes nobody a client. */
static void has_a_wrong_pager(void)
{
	CHECK_EQ(sys_pager(0, ep, 0) > 0, true);
	CHECK_EQ(pager_region(PLACE, 1), -EPERM);
	(void)*word_at(0);
}

static void tasks_are_checked(void)
{
	u64 client = start_client(asks_as_a_client), look;
	s64 idle = sys_task("", 0, 0), control, fork;

	CHECK_EQ(check_wait(client), 0);
	client = start_client(does_nothing);
	look = (u64)sys_duplicate(client, RIGHT_INSPECT | RIGHT_DUPLICATE);
	control = sys_duplicate(client, RIGHT_CONTROL | RIGHT_DUPLICATE);
	CHECK(pager_attach(ep, look) < 0);
	CHECK_EQ(pager_attach(ep, (u64)control), -EBADF);
	CHECK_EQ(pager_attach(ep, (u64)idle), -ESRCH);
	CHECK_EQ(pager_attach(ep, ep), -EBADF);
	CHECK_EQ(pager_attach(ep, server), -EDEADLK);
	CHECK_EQ(check_wait(client), 0);
	fork = sys_fork();
	if (fork == 0)
		be(has_a_wrong_pager);
	CHECK_EQ(check_wait((u64)fork), -EPERM);
	CHECK_EQ(sys_close(look) | sys_close((u64)control) | sys_close((u64)idle), 0);
}

static void twice(void)
{
	await_step(1);
}

static void arguments_are_checked(void)
{
	u64 client;

	CHECK_EQ(pager_region(PLACE, 1), -ENODEV);
	CHECK_EQ(ask(plainly, PAGER_ATTACH, 0), -EBADF);
	CHECK_EQ(ask(plainly, PAGER_REGION, 0), -EPERM);
	CHECK_EQ(ask(plainly, PAGER_SNAPSHOT, 0), -EBADF);
	CHECK_EQ(ask(plainly, ~0ul, 0), -EOPNOTSUPP);
	CHECK_EQ(ask(with_handle, PAGER_USED, ep), 0);
	tasks_are_checked();
	CHECK_EQ(client_of(asks_for_bad_regions), 0);
	client = start_client(twice);
	CHECK_EQ(pager_attach(ep, client), -EBUSY);
	CHECK_EQ(ask(with_handle, PAGER_SNAPSHOT, client), -EPERM);
	step(1);
	CHECK_EQ(check_wait(client), 0);
	CHECK_EQ(shared->failures, 0);
}

/* --- ends ------------------------------------------------------------------------------------- */

static void wait_a_bit(u64 n)
{
	u64 end = sys_clock() + n * (SPAN_NS / ROUNDS);

	await_step(1);
	while (sys_clock() < end)
		sys_yield();
}

static void write_until_killed(void)
{
	for (u64 i = 0;; i++) {
		write_all(i);
		expect_all(i);
		step(1);
	}
}

static void forks_and_writes(void)
{
	u64 child;

	write_all(7);
	child = start_child(write_until_killed);
	for (u64 i = 0; i < KILLED; i++) {
		u64 next = start_child(write_until_killed);

		CHECK_EQ(sys_kill(child), 0);
		CHECK_EQ(check_wait(child), -EINTR);
		child = next;
		expect_all(7);
	}
	CHECK_EQ(sys_kill(child), 0);
	CHECK_EQ(check_wait(child), -EINTR);
}

static void clients_are_killed(void)
{
	for (u32 n = 0; n < ROUNDS; n++) {
		u64 client = start_client(write_until_killed);

		wait_a_bit(n);
		CHECK_EQ(sys_kill(client), 0);
		CHECK_EQ(check_wait(client), -EINTR);
		CHECK_EQ(pager_used(ep), 0);
	}
	CHECK_EQ(client_of(forks_and_writes), 0);
	CHECK_EQ(pager_used(ep), 0);
	CHECK_EQ(shared->failures, 0);
}

static void touches_later(void)
{
	*word_at(0) = 4;
	step(1);
	await_step(2);
	CHECK_EQ(*word_at(0), 4);
	CHECK_EQ(pager_region(PLACE << 1, 1), -EPIPE);
	*word_at(1) = 4;
}

static void the_pager_is_killed(void)
{
	u64 client = start_client(touches_later);

	await_step(1);
	CHECK_EQ(sys_kill(server), 0);
	CHECK_EQ(check_wait(server), -EINTR);
	step(2);
	CHECK_EQ(check_wait(client), -EPIPE);
	CHECK_EQ(pager_used(ep), -EPIPE);
	CHECK_EQ(sys_close(ep), 0);
	CHECK_EQ(shared->failures, 0);
}

int main(void)
{
	s64 at = sys_map(0, 0, 0, 0, PAGE_SIZE, RW | MAP_SHARED);

	CHECK(at > 0);
	shared = (void *)(uintptr_t)at;
	shared->failures = 0; /* the page is there before it is shared */
	start_server();
	pages_come();
	snapshots_are_copies();
	arguments_are_checked();
	clients_are_killed();
	end_server();
	start_server();
	the_pager_is_killed();
	return check_failures;
}
