/* SPDX-License-Identifier: MIT */
/*
 * user/bin/check_names.c - the names server, with calls good, bad and hostile.  The argument is a
 * handle to call it, or'ed with STORM: then anything is asked of it, for ever.
 */
#include "lib/format.h"
#include "lib/rand.h"
#include "lib/string.h"
#include "user/lib/check.h"
#include "user/lib/names.h"

#define STORM	    (1ul << 32)
#define HANDLE_WORD (MESSAGE_WORDS - 1)
#define MANY	    300u /* more than a handle table has */
#define ANYTHING    300u

static u64 names;

/* Registers a name, and adds one to what it is called with. */
static NORETURN void serve(void)
{
	u64 ep = (u64)sys_endpoint();
	struct message m = { { 0 } };

	CHECK(names_register(names, "adder", ep) > 0);
	while (sys_reply_wait(ep, &m) == 0)
		m.word[0]++;
	sys_exit(1);
}

/* Until it is registered. */
static u64 find_at_last(const char *name)
{
	s64 found;

	while ((found = names_find(names, name)) == -ENOENT)
		sys_yield();
	CHECK(found > 0);
	return (u64)found;
}

static void end_child(s64 child)
{
	CHECK_EQ(sys_kill((u64)child), 0);
	CHECK_EQ(check_wait((u64)child), -EINTR);
}

/* A program's name is there as long as the program, whose end nobody tells the server of. */
static void goes_with_its_program(void)
{
	struct message m = { { 41 } };
	s64 child = sys_fork();
	u64 found;

	if (child == 0)
		serve();
	found = find_at_last("adder");
	CHECK_EQ(sys_call(found, &m), 0);
	CHECK_EQ(m.word[0], 42);
	end_child(child);
	CHECK_EQ(names_find(names, "adder"), -ENOENT);
	CHECK_EQ(sys_call(found, &m), -EPIPE);
	CHECK_EQ(sys_close(found), 0);
}

/* Registers a name of its own, and ends at the first call. */
static NORETURN void end_when_called(void)
{
	u64 ep = (u64)sys_endpoint();
	struct message m = { { 0 } };

	CHECK(names_register(names, "fork", ep) > 0);
	sys_reply_wait(ep, &m);
	sys_exit(0);
}

static NORETURN void register_and_fork(void)
{
	u64 bits;

	CHECK(names_register(names, "parent", (u64)sys_endpoint()) > 0);
	if (sys_fork() == 0)
		end_when_called();
	sys_wait((u64)sys_notification(), WAIT_FOR_EVER, &bits);
	sys_exit(1);
}

/* Who registered it has forked, and ends: the fork does not keep the name. */
static void is_not_a_forks(void)
{
	struct message m = { { 0 } };
	s64 child = sys_fork();
	u64 fork;

	if (child == 0)
		register_and_fork();
	fork = find_at_last("fork");
	CHECK_EQ(sys_close(find_at_last("parent")), 0);
	end_child(child);
	CHECK_EQ(names_find(names, "parent"), -ENOENT);
	CHECK_EQ(sys_call(fork, &m), -EPIPE);
	CHECK_EQ(sys_close(fork), 0);
}

/* Who registered it takes it back, with the name still there. */
static void is_taken_back(void)
{
	u64 ep = (u64)sys_endpoint();
	s64 token = names_register(names, "taken", ep), found = names_find(names, "taken");

	CHECK(token > 0 && found > 0);
	CHECK_EQ(sys_revoke(ep), 0);
	CHECK_EQ(names_find(names, "taken"), -ENOENT);
	CHECK_EQ(names_find(names, "taken"), -ENOENT);
	CHECK_EQ(sys_close((u64)token), 0);
	CHECK_EQ(sys_close((u64)found), 0); /* one's own is good */
	CHECK_EQ(sys_close(ep), 0);
}

static struct message registration(const char *name, u64 handle)
{
	struct message m = { { NAMES_REGISTER } };

	strlcpy((char *)&m.word[NAME_AT], name, NAME_MAX);
	m.word[HANDLE_WORD] = handle;
	return m;
}

/* Registered with all rights, and given away without that to receive. */
static void nobody_may_receive(void)
{
	struct message m = { { 0 } };
	s64 child = sys_fork();
	u64 found;

	if (child == 0) {
		u64 ep = (u64)sys_endpoint();

		m = registration("all", ep);
		CHECK_EQ(sys_call_handle(names, &m), MESSAGE_HANDLE);
		CHECK_EQ(m.word[0], 0);
		sys_reply_wait(ep, &m);
		sys_exit(1);
	}
	found = find_at_last("all");
	CHECK_EQ(sys_duplicate(found, RIGHT_RECEIVE), -EPERM);
	end_child(child);
	CHECK_EQ(sys_call(found, &m), -EPIPE);
	CHECK_EQ(sys_close(found), 0);
}

static s64 register_raw(u64 handle)
{
	struct message m = registration("raw", handle);
	s64 result = sys_call_handle(names, &m);

	return result < 0 ? result : (s64)m.word[0];
}

static void handles_are_checked(u64 ep)
{
	u64 other = (u64)sys_notification(),
	    receive = (u64)sys_duplicate(ep, RIGHT_RECEIVE | RIGHT_DUPLICATE);
	u64 no_duplicate = (u64)sys_duplicate(ep, RIGHT_CALL);
	struct message m = registration("raw", 0);

	CHECK_EQ(sys_call(names, &m), 0); /* none comes */
	CHECK_EQ(m.word[0], -EBADF);
	CHECK_EQ(register_raw(other), -EPERM);
	CHECK_EQ(register_raw(receive), -EPERM);
	CHECK_EQ(register_raw(no_duplicate), -EPERM);
	CHECK_EQ(register_raw(~0ul), -EBADF);
	CHECK_EQ(names_register(names, "raw", no_duplicate), -EPERM);
	CHECK_EQ(names_register(names, "raw", 0), -EBADF);
	CHECK_EQ(names_find(names, "raw"), -ENOENT);
	CHECK_EQ(sys_close(no_duplicate), 0);
	CHECK_EQ(sys_close(receive), 0);
	CHECK_EQ(sys_close(other), 0);
}

static void names_are_checked(u64 ep)
{
	static const char *const bad[] = { "", " ", "two words", "x\n", "\x7f", "\xe9" };
	struct message m = { { NAMES_REGISTER } };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_EQ(names_register(names, bad[i], ep), -EINVAL);
		CHECK_EQ(names_find(names, bad[i]), -ENOENT);
	}
	CHECK_EQ(names_register(names, "a-name-of-24-characters!", ep), -EINVAL);
	memset(&m.word[NAME_AT], 'x', NAME_MAX); /* and no 0 */
	m.word[HANDLE_WORD] = ep;
	CHECK_EQ(sys_call_handle(names, &m), 0);
	CHECK_EQ(m.word[0], -EINVAL);
	CHECK_EQ(names_find(names, "nobody"), -ENOENT);
	m = (struct message){ { NAMES_LIST + 1 } };
	CHECK_EQ(sys_call(names, &m), 0);
	CHECK_EQ(m.word[0], -EINVAL);
}

static void first_come_has_it(u64 ep)
{
	s64 token = names_register(names, "a-name-of-23-characters", ep), found;
	char name[NAME_MAX];

	CHECK(token > 0);
	CHECK_EQ(names_register(names, "a-name-of-23-characters", ep), -EEXIST);
	CHECK_EQ(names_find(names, "a-name-of-23-character"), -ENOENT);
	found = names_find(names, "a-name-of-23-characters");
	CHECK(found > 0 && (u64)found != ep);
	CHECK_EQ(sys_close((u64)found), 0);
	CHECK_EQ(names_list(names, 0, name), 0);
	CHECK_EQ(strcmp(name, "a-name-of-23-characters"), 0);
	CHECK_EQ(names_list(names, 1, name), -ENOENT);
	CHECK_EQ(names_list(names, ~0ul, name), -ENOENT);
	CHECK_EQ(sys_signal((u64)token, ~0ul), 0); /* it means nothing */
	CHECK_EQ(names_list(names, 0, name), 0);
	CHECK_EQ(sys_close((u64)token), 0);
	CHECK_EQ(names_list(names, 0, name), -ENOENT);
}

static void table_is_full(u64 ep)
{
	u64 tokens[NAMES_COUNT];
	char name[NAME_MAX];

	for (u32 i = 0; i < NAMES_COUNT; i++) {
		s64 token;

		format(name, sizeof(name), "name%u", i);
		token = names_register(names, name, ep);
		CHECK(token > 0);
		tokens[i] = (u64)token;
	}
	CHECK_EQ(names_register(names, "one-more", ep), -ENOSPC);
	CHECK_EQ(names_list(names, NAMES_COUNT - 1, name), 0);
	CHECK_EQ(names_list(names, NAMES_COUNT, name), -ENOENT);
	CHECK_EQ(sys_close(tokens[5]), 0);
	CHECK_EQ(names_find(names, "name5"), -ENOENT);
	tokens[5] = (u64)names_register(names, "one-more", ep);
	for (u32 i = 0; i < NAMES_COUNT; i++)
		CHECK_EQ(sys_close(tokens[i]), 0);
	CHECK_EQ(names_list(names, 0, name), -ENOENT);
}

/* Handles that nobody asked for, and names that are refused: the server keeps none. */
static void handles_do_not_add_up(u64 ep)
{
	static const u64 calls[] = { NAMES_FIND, NAMES_LIST, NAMES_LIST + 1, NAMES_REGISTER };
	struct message m;

	for (u32 i = 0; i < MANY; i++) {
		m = registration("no good", ep);
		m.word[0] = calls[i % ARRAY_SIZE(calls)];
		CHECK_EQ(sys_call_handle(names, &m), 0);
		CHECK(m.word[0] != 0);
	}
	CHECK_EQ(sys_close((u64)names_register(names, "good", ep)), 0);
}

/* Something of the protocol, with what is no name most of the time. */
static void ask_anything(struct rand *r, u64 ep)
{
	struct message m;
	s64 result;

	for (u32 i = 0; i < MESSAGE_WORDS; i++)
		m.word[i] = rand_next(r) >> rand_below(r, 64);
	m.word[0] = rand_below(r, 5);
	if (rand_below(r, 2) == 0)
		m.word[NAME_AT] = 'a' + rand_below(r, 40);
	m.word[HANDLE_WORD] = ep;
	result = rand_below(r, 2) == 0 ? sys_call(names, &m) : sys_call_handle(names, &m);
	if (result < 0)
		sys_exit(result); /* the server has ended */
	if (result == MESSAGE_HANDLE && rand_below(r, 4) != 0)
		sys_close(m.word[HANDLE_WORD]);
}

int main(void)
{
	struct rand r = { program_arg };
	u64 ep = (u64)sys_endpoint();

	names = program_arg & ~STORM;
	if (program_arg & STORM)
		for (;;)
			ask_anything(&r, ep);
	goes_with_its_program();
	is_not_a_forks();
	is_taken_back();
	nobody_may_receive();
	handles_are_checked(ep);
	names_are_checked(ep);
	first_come_has_it(ep);
	table_is_full(ep);
	handles_do_not_add_up(ep);
	for (u32 i = 0; i < ANYTHING; i++)
		ask_anything(&r, ep);
	return check_failures;
}
