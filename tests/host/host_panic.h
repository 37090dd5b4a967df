/* SPDX-License-Identifier: MIT */
/*
 * tests/host/host_panic.h - panic() for host programs.  It prints its message and
 * aborts; inside expect_panic() it comes back to the test instead.  What the
 * panicking code had in hand (locks, memory) stays as it was.
 */
#pragma once

#include <setjmp.h>
#include <string.h>

#include "lib/assert.h"

extern jmp_buf host_panic_jump;
extern bool host_panic_armed;
extern char host_panic_message[512];

/* In a cmocka test: @statement must panic, with a message that contains @text. */
#define expect_panic(text, statement)                                                              \
	do {                                                                                       \
		host_panic_armed = true;                                                           \
		if (setjmp(host_panic_jump) == 0) {                                                \
			statement;                                                                 \
			host_panic_armed = false;                                                  \
			fail_msg("no panic in: %s", #statement);                                   \
		}                                                                                  \
		if (strstr(host_panic_message, text) == NULL)                                      \
			fail_msg("panic says \"%s\", not \"%s\"", host_panic_message, text);       \
	} while (0)
