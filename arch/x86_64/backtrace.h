/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/backtrace.h - who called whom, by frame pointers.
 */
#pragma once

#include "lib/types.h"

#define BACKTRACE_DEPTH 24

struct backtrace {
	u32 depth;
	u64 pc[BACKTRACE_DEPTH];
};

/*
 * Fill @bt with @rip (0: none) and the return addresses found from @rbp on.  Reads only
 * addresses that look like a kernel stack; any context, on the CPU the stack belongs to.
 */
void backtrace_collect(struct backtrace *bt, u64 rip, u64 rbp);

/* Print it, a line each: address, function + offset. */
void backtrace_print(const struct backtrace *bt);
