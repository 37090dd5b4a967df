/* SPDX-License-Identifier: MIT */
/*
 * lib/cmdline.h - the kernel's command line: words separated by blanks (newlines
 * too), each `name`, `name=value` or `name="value with blanks"`.  The option's
 * table is the caller's.  Later words win; a word that is refused changes nothing.
 */
#pragma once

#include "lib/types.h"

#define CMDLINE_COMPLAINT_MAX 256 /* bytes of one complaint; longer ones are cut */

enum cmdline_kind {
	CMDLINE_FLAG,	/* bool: name, name=on, name=off */
	CMDLINE_UINT,	/* unsigned integer of target_size bytes: decimal, or 0x and hexadecimal */
	CMDLINE_SIZE,	/* the same, in bytes, with an optional K, M or G behind it */
	CMDLINE_STRING, /* char[target_size]: must fit with its terminator */
	CMDLINE_CHOICE, /* unsigned integer of target_size bytes: index of the word in choices */
};

struct cmdline_option {
	const char *name;
	enum cmdline_kind kind;
	void *target;
	size_t target_size;	    /* bytes: 1, 2, 4 or 8 for the integers */
	const char *const *choices; /* CHOICE: ends with a null pointer */
	u64 min, max;		    /* UINT, SIZE: both inclusive; max 0: what the target holds */
	const char *help;
};

/*
 * Store what @line says in the options' targets.  Each unknown or malformed word
 * gives one call of @complain (which may be null) with one line, without newline,
 * that names the word and says what is allowed.  Returns the number of complaints.
 * Any context; about 400 bytes of stack.
 */
int cmdline_parse(const char *line, const struct cmdline_option *options, size_t n,
		  void (*complain)(const char *message));

/*
 * The value of the last word @name in @line, without its quotes, *@len bytes long:
 * empty for a bare word, null if there is none.  Usable from the first instruction.
 */
const char *cmdline_find(const char *line, const char *name, size_t *len);
