/* SPDX-License-Identifier: MIT */
/*
 * user/lib/check.h - a test in user mode: it checks, goes on, and ends with how often it failed.
 *
 *	CHECK(sys_null() == 0);
 *	CHECK_EQ(sys_close(0), -EBADF);
 *	return check_failures;
 *
 * Each failure is a line of the kernel's log.  A fork counts for itself.
 */
#pragma once

#include "lib/err.h"
#include "user/lib/program.h"
#include "user/lib/syscall.h"

extern int check_failures;

void check_failed(const char *file, int line, const char *what, s64 got, s64 want);

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			check_failed(__FILE__, __LINE__, #condition, 0, 1);                        \
	} while (0)

#define CHECK_EQ(got, want)                                                                        \
	do {                                                                                       \
		s64 got_ = (s64)(got), want_ = (s64)(want);                                        \
		if (got_ != want_)                                                                 \
			check_failed(__FILE__, __LINE__, #got, got_, want_);                       \
	} while (0)

#define USER_END_MAX 0x100000000000000ul /* no user memory is above it, with five levels either */

/* Addresses that no program may hand to the kernel. */
#define BAD_ADDRESSES                                                                              \
	{                                                                                          \
		0, 8, 0x7ffffffff000, 0x7fffffffffff, 0x800000000000, 0xffff7fffffffffff,          \
			0xffff800000000000, 0xffffffff80000000, 0xffffffffc0000000, ~0ul, ~7ul     \
	}

/* A page that can be written, with nothing mapped behind it: where it ends; 0: no memory. */
u64 check_page_end(void);

/* Start @run(@arg) in this task, on a stack of its own, or end the check.  It must not return. */
void check_thread(void (*run)(u64 arg), u64 arg);

/* Wait until @flag is @value, which another thread writes. */
void check_await(const volatile u64 *flag, u64 value);

/* Wait for a fork to end, and close it: its status. */
s64 check_wait(u64 task);
