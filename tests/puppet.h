/* SPDX-License-Identifier: MIT */
/*
 * tests/puppet.h - a thread that does as it is told, so that a test can look at it in any
 * state, and notes on which CPU it was.
 */
#pragma once

#include "kernel/thread.h"
#include "lib/cpumask.h"
#include "tests/harness.h"

enum order {
	ORDER_NONE,
	ORDER_SPIN,  /* until the next order */
	ORDER_SLEEP, /* until the next order, which wakes it */
	ORDER_ENTER, /* a migrate-disabled section, and sleep */
	ORDER_LEAVE,
	ORDER_END,
};

struct puppet {
	struct thread *thread;
	struct wait_queue orders;
	u32 order, done; /* how many; done follows order */
	enum order what;
	u32 cpu; /* where it was when it had done the last */
};

/* A started puppet that sleeps on @cpu; false: the test has failed. */
bool make_puppet(struct test *t, struct puppet *p, u32 cpu);

/* Let it do @what; tell() does not wait until it has. */
void order(struct puppet *p, enum order what);
void tell(struct puppet *p, enum order what);
bool has_done(const struct puppet *p);

/* Let it end. */
void end_puppet(struct puppet *p);

/* Let it run on @cpu only: the result of thread_set_affinity(). */
int move(struct puppet *p, u32 cpu);
