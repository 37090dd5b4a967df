/* SPDX-License-Identifier: MIT */
/*
 * lib/string.c - memory and string functions for what has no libc under it.
 *
 * A compiler recognises a loop that copies, fills or measures, and calls the
 * function that the loop is the body of.  The copies and fills here are string
 * instructions, and the other loops that could be taken for one hold a
 * barrier().  The direction flag is clear on entry to any C code.
 */
#include "lib/string.h"
#include "lib/types.h"

void *memcpy(void *dst, const void *src, size_t n)
{
	void *to = dst;

	__asm__ volatile("rep movsb" : "+D"(to), "+S"(src), "+c"(n) : : "memory");
	return dst;
}

void *memset(void *dst, int byte, size_t n)
{
	void *to = dst;

	__asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(byte) : "memory");
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	char *to = dst;
	const char *from = src;

	if ((uintptr_t)to - (uintptr_t)from >= n)
		return memcpy(dst, src, n);
	while (n > 0) {
		n--;
		to[n] = from[n];
		barrier();
	}
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *p = a, *q = b;

	for (size_t i = 0; i < n; i++) {
		if (p[i] != q[i])
			return p[i] - q[i];
	}
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n] != '\0') {
		n++;
		barrier();
	}
	return n;
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n] != '\0') {
		n++;
		barrier();
	}
	return n;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (a[i] != b[i])
			return (u8)a[i] - (u8)b[i];
		if (a[i] == '\0')
			break;
	}
	return 0;
}

char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return (char *)(uintptr_t)s;
		if (*s == '\0')
			return NULL;
		barrier();
	}
}
