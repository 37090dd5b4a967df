/* SPDX-License-Identifier: MIT */
/* user/lib/text.c - see text.h. */
#include "user/lib/text.h"
#include "lib/string.h"

#define NO_DIGIT 16u

u32 text_words(char *line, char **words, u32 max)
{
	u32 n = 0;

	for (;;) {
		while (*line == ' ')
			*line++ = '\0';
		if (*line == '\0' || n == max)
			return n;
		words[n++] = line;
		while (*line != ' ' && *line != '\0')
			line++;
	}
}

static u32 digit(char c)
{
	if (c >= '0' && c <= '9')
		return (u32)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (u32)(c - 'a') + 10;
	return NO_DIGIT;
}

bool text_number(const char *text, u64 *value)
{
	const char *hex = text_behind(text, "0x");
	u32 base = hex != NULL ? 16 : 10;

	if (hex != NULL)
		text = hex;
	if (*text == '\0')
		return false;
	for (*value = 0; *text != '\0'; text++) {
		if (digit(*text) >= base || *value > (~0ul - digit(*text)) / base)
			return false;
		*value = *value * base + digit(*text);
	}
	return true;
}

const char *text_behind(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(text, prefix, n) == 0 ? text + n : NULL;
}
