/* SPDX-License-Identifier: MIT */
/*
 * lib/glob.h - names chosen by pattern: '*' is any text, '?' any one character, all
 * else itself.  No escapes and no sets.  Any context.
 */
#pragma once

#include "lib/types.h"

/* Does @pattern match the whole of @text? */
bool glob_match(const char *pattern, const char *text);

/*
 * Do the patterns of a comma-separated list choose what is called @name, and @group, unless NULL,
 * with others?  -PATTERN takes away; the last that matches either says.
 */
bool glob_match_list(const char *patterns, const char *name, const char *group);
