/* SPDX-License-Identifier: MIT */
/*
 * lib/assert.h - what must be true.
 *
 * ASSERT is checked in every build, DEBUG_ASSERT in debug builds only; both
 * compile their expression in every build, so neither can rot.  The message
 * says values: ASSERT(order <= MAX_ORDER, "order %u of page %p", order, page).
 *
 * panic() is defined by whoever links this: kernel/panic.c in the kernel, the
 * host tests' own.  It may be called from anywhere, NMI included.
 */
#pragma once

#include "lib/types.h"

/* Debug builds check more (BUILD=debug); used as a plain condition, never in #if. */
#define CONFIG_DEBUG (PRAGUE_DEBUG != 0)

NORETURN void panic(const char *fmt, ...) PRINTF_LIKE(1, 2);

#define ASSERT(cond, ...)                                                                          \
	do {                                                                                       \
		if (unlikely(!(cond)))                                                             \
			panic("assertion failed: " #cond ": " __VA_ARGS__);                        \
	} while (0)

#define DEBUG_ASSERT(cond, ...)                                                                    \
	do {                                                                                       \
		if (CONFIG_DEBUG && unlikely(!(cond)))                                             \
			panic("assertion failed: " #cond ": " __VA_ARGS__);                        \
	} while (0)
