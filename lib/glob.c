/* SPDX-License-Identifier: MIT */
/*
 * lib/glob.c - matching with one place to go back to: when what follows a '*' does
 * not fit, that '*' takes one character more.  Earlier stars need no second try,
 * so the time is at most length of pattern times length of text.
 */
#include "lib/glob.h"
#include "lib/string.h"

static bool match(const char *pattern, size_t len, const char *text)
{
	size_t at = 0, star = len;
	const char *star_text = text;

	while (*text != '\0') {
		if (at < len && pattern[at] == '*') {
			star = at++;
			star_text = text;
		} else if (at < len && (pattern[at] == '?' || pattern[at] == *text)) {
			at++;
			text++;
		} else if (star < len) {
			at = star + 1;
			text = ++star_text;
		} else {
			return false;
		}
	}
	while (at < len && pattern[at] == '*')
		at++;
	return at == len;
}

static bool match_either(const char *pattern, size_t len, const char *name, const char *group)
{
	return match(pattern, len, name) || (group != NULL && match(pattern, len, group));
}

bool glob_match(const char *pattern, const char *text)
{
	return match(pattern, strlen(pattern), text);
}

bool glob_match_list(const char *patterns, const char *name, const char *group)
{
	bool chosen = false;

	while (*patterns != '\0') {
		const char *comma = strchr(patterns, ',');
		size_t len = comma ? (size_t)(comma - patterns) : strlen(patterns);
		size_t off = *patterns == '-';

		if (len > off && match_either(patterns + off, len - off, name, group))
			chosen = off == 0;
		patterns += len + (comma != NULL);
	}
	return chosen;
}
