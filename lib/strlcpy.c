/* SPDX-License-Identifier: MIT */
/*
 * lib/strlcpy.c - the one function of lib/string.h that not every libc has, in a
 * file of its own so that host programs can link it beside their libc.
 */
#include "lib/string.h"

size_t strlcpy(char *dst, const char *src, size_t size)
{
	size_t len = strlen(src);

	if (size > 0) {
		size_t n = len < size ? len : size - 1;

		memcpy(dst, src, n);
		dst[n] = '\0';
	}
	return len;
}
