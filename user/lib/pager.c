/* SPDX-License-Identifier: MIT */
/* user/lib/pager.c - see pager.h. */
#include "user/lib/pager.h"
#include "lib/err.h"
#include "user/lib/syscall.h"

/* --- calls ------------------------------------------------------------------------------------ */

static s64 result_of(s64 result, const struct message *m)
{
	return result < 0 ? result : (s64)m->word[0];
}

s64 pager_attach(u64 endpoint, u64 task)
{
	struct message m = { { [PAGER_CALL] = PAGER_ATTACH, [PAGER_HANDLE] = task } };

	return result_of(sys_call_handle(endpoint, &m), &m);
}

s64 pager_used(u64 endpoint)
{
	struct message m = { { [PAGER_CALL] = PAGER_USED } };

	return result_of(sys_call(endpoint, &m), &m);
}

s64 pager_region(u64 address, u64 pages)
{
	struct message m = {
		{ [PAGER_CALL] = PAGER_REGION, [PAGER_ADDRESS] = address, [PAGER_PAGES] = pages }
	};

	return result_of(sys_call_pager(&m), &m);
}

static s64 snapshot(u64 unused, u64 task)
{
	struct message m = { { [PAGER_CALL] = PAGER_SNAPSHOT, [PAGER_HANDLE] = task } };

	(void)unused;
	return result_of(sys_call_pager(&m), &m);
}

/* --- forks ------------------------------------------------------------------------------------ */

/* The child goes on when it is a client.  If it never is, nobody is left to say so. */
static s64 be_child(u64 says, u64 hears)
{
	u64 bits;

	sys_close(says);
	if (sys_wait(hears, WAIT_FOR_EVER, &bits) != 0)
		sys_exit(-EPIPE);
	sys_close(hears);
	return 0;
}

static s64 fork_with(s64 (*introduce)(u64 endpoint, u64 task), u64 endpoint, u64 says, u64 hears)
{
	s64 child = sys_fork(), err;

	if (child == 0)
		return be_child(says, hears);
	err = child > 0 ? introduce(endpoint, (u64)child) : 0;
	if (err == 0)
		sys_signal(says, 1);
	if (err == 0 || child < 0)
		return child;
	sys_kill((u64)child);
	sys_close((u64)child);
	return err;
}

/* Of two handles of a notification the child closes the one that says, so it hears of our end. */
static s64 fork_and(s64 (*introduce)(u64 endpoint, u64 task), u64 endpoint)
{
	s64 says = sys_notification(), hears, child;

	if (says < 0)
		return says;
	hears = sys_duplicate((u64)says, RIGHT_WAIT | RIGHT_DUPLICATE);
	child = hears;
	if (hears > 0)
		child = fork_with(introduce, endpoint, (u64)says, (u64)hears);
	if (child == 0)
		return 0;
	if (hears > 0)
		sys_close((u64)hears);
	sys_close((u64)says);
	return child;
}

s64 pager_fork_without(u64 endpoint)
{
	return fork_and(pager_attach, endpoint);
}

s64 pager_fork(void)
{
	return fork_and(snapshot, 0);
}
