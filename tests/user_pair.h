/* SPDX-License-Identifier: MIT */
/*
 * tests/user_pair.h - two tasks, a client and a server, and the endpoint between them.
 */
#pragma once

#include "tests/user_task.h"

struct user_pair {
	struct endpoint *ep; /* kept by the handles */
	struct task *client, *server;
	u64 call, receive; /* the client's handle, and the server's */
};

/* Without threads.  False: the test has failed. */
bool user_pair_make(struct test *t, struct user_pair *p, const u8 *client, size_t client_size,
		    const u8 *server, size_t server_size);

/* Do so many wait there, at least? */
bool user_endpoint_has(struct endpoint *ep, u32 callers, u32 receivers);

/* Come back when @callers wait at the endpoint to be taken, and @receivers for a call. */
void user_pair_await(struct user_pair *p, u32 callers, u32 receivers);
