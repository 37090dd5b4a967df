/* SPDX-License-Identifier: MIT */
/*
 * user/lib/console.h - how programs speak with the console server, and functions that do.
 *
 * A call's first word says what; text is in the last five words.  A reader that finds nothing
 * waits for a notification, which he has given to the server, and looks again.
 */
#pragma once

#include "lib/types.h"

enum console_call {
	CONSOLE_WRITE,	/* second word: how many bytes */
	CONSOLE_READ,	/* the reply's first word: how many bytes, 0: nothing has come */
	CONSOLE_LISTEN, /* with the handle of a notification: 1 is signalled when something comes.
			   One listens: who said so last */
};

#define CONSOLE_TEXT_AT	 2 /* the first word of text */
#define CONSOLE_TEXT_MAX 40

#define CONSOLE_NAME "console" /* by which the names server knows it (names.h) */

/* Speak with the server that answers at this endpoint, and be who reads.  0, or an error. */
s64 console_open(u64 endpoint);

/* The same, to write only: who reads now goes on to. */
void console_open_to_write(u64 endpoint);

/* A lost server ends the program: nobody would see what is said. */
void console_write(const char *text, size_t n);
void console_print(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* The next key; @ns: how long to wait, WAIT_FOR_EVER.  -ETIMEDOUT: none has come. */
int console_key(u64 ns);
