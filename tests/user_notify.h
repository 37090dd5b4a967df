/* SPDX-License-Identifier: MIT */
/*
 * tests/user_notify.h - two tasks that signal each other.
 */
#pragma once

#include "tests/user_pair.h"

/* Without threads.  The arguments are those of `pings` but for the count, and of `pongs`. */
struct user_notify_pair {
	struct task *ping, *pong;
	struct notification *there, *back; /* kept by the handles */
	u64 ping_arg, pong_arg;
};

/* notification_bind() */
int user_notify_bind(struct notification *n, struct endpoint *ep);

/* False: the test has failed. */
bool user_notify_pair_make(struct test *t, struct user_notify_pair *p, const u8 *ping,
			   size_t ping_size, const u8 *pong, size_t pong_size);
