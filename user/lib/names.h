/* SPDX-License-Identifier: MIT */
/*
 * user/lib/names.h - how programs speak with the names server, and functions that do.
 *
 * Who registers a name gets a token: the name is there as long as somebody has a handle of that, so
 * it goes with a program that ends.  A name leads to an endpoint, and who finds it may call there
 * and pass it on, whatever the handle allowed that it was registered with.  Who comes first has it.
 *
 * A call's first word says what; a name is in the three words behind it, with a 0 at its end.  The
 * reply's first word is 0 or an error.
 */
#pragma once

#include "lib/types.h"

enum names_call {
	NAMES_REGISTER, /* with a handle; the reply brings the token.  -EEXIST; -ENOSPC; -EBADF: no
			   handle has come; -EPERM: it may not call; -EINVAL: not a name */
	NAMES_FIND,	/* the reply brings a handle.  -ENOENT */
	NAMES_LIST,	/* second word: a number; the reply has the name of so many before it, which
			   are in no order.  -ENOENT: there are not so many */
};

#define NAME_MAX    24 /* with the 0; all others are printable ASCII, and no blanks */
#define NAME_AT	    1  /* the first word of a name */
#define NAMES_COUNT 32 /* that there can be at a time */

/*
 * By @names, a handle to call the server.  What was got, or an error, also those of sys_call().
 * The token is not copied by a fork: the child does not keep the name.
 */
s64 names_register(u64 names, const char *name, u64 endpoint);
s64 names_find(u64 names, const char *name);
s64 names_list(u64 names, u64 n, char name[NAME_MAX]);
