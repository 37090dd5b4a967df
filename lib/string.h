/* SPDX-License-Identifier: MIT */
/*
 * lib/string.h - the memory and string functions, as in ISO C, and strlcpy.
 *
 * string.c defines them for the kernel and the loaders; on the host libc's own
 * take their place.  Pure; may be called from any context.
 */
#pragma once

#include <stddef.h>

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);

size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);

/*
 * Copy @src to @dst of @size bytes, cut if need be and always terminated unless
 * @size is 0.  Returns strlen(@src): at least @size if the copy was cut.
 */
size_t strlcpy(char *dst, const char *src, size_t size);
