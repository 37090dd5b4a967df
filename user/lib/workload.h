/* SPDX-License-Identifier: MIT */
/*
 * user/lib/workload.h - a program that does something again and again, as often as its arguments
 * say, checks what came of it (check.h), and says in one line what it did.
 *
 *	static struct parameter parameters[] = { { "ROUNDS", 1, 1000000, 1000, NULL } };
 *
 *	if (!workload_begin(parameters, ARRAY_SIZE(parameters)))
 *		return 1;
 *	...
 *	return workload_end("%lu calls", n);
 */
#pragma once

#include "user/lib/check.h"

struct parameter {
	const char *name;
	u64 min, max, value;   /* .value: if it is not given, then what is */
	const char *const *of; /* NULL: a number; else words, of which .value is one's index */
};

/* Reads the arguments.  False: one line has said what is wrong. */
bool workload_begin(struct parameter *parameters, u64 n);

/*
 * Says what was done, how long it took by the kernel's clock, and the status to end with: 0, or
 * how many checks have failed.
 */
int workload_end(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Start the clock anew: what was done until now was to get ready. */
void workload_start(void);

/* What forks share: @bytes, zeroed; or the end of the program, with a line. */
void *workload_shared(size_t bytes);

/* A handle, or the end of the program, with a line. */
u64 workload_handle(s64 handle, const char *what);
