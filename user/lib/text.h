/* SPDX-License-Identifier: MIT */
/*
 * user/lib/text.h - lines that people write: words and numbers.
 */
#pragma once

#include "lib/types.h"

/* Cut @line at its blanks, in place, into words, of which @words gets the first @max: how many. */
u32 text_words(char *line, char **words, u32 max);

/* The number that @text is, decimal or, behind 0x, hexadecimal.  False: it is none. */
bool text_number(const char *text, u64 *value);

/* What stands behind @prefix, with which @text begins; NULL: it does not. */
const char *text_behind(const char *text, const char *prefix);
