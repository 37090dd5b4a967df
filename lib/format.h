/* SPDX-License-Identifier: MIT */
/*
 * lib/format.h - text from values: the useful part of snprintf.
 *
 *	%[-0#][width][.precision][hh|h|l|ll|z](d i u x X c s p %)
 *
 * Width and precision may be '*'.  %p prints 0x and 16 hexadecimal digits.  There
 * is no floating point, and nothing here allocates, locks or can fail.
 */
#pragma once

#include <stdarg.h>

#include "lib/types.h"

/*
 * Both write at most @size bytes to @buf, always terminated unless @size is 0, and
 * return the length of the whole text, which was cut if that is not below @size.
 * Any context.
 */
int format_v(char *buf, size_t size, const char *fmt, va_list args) PRINTF_LIKE(3, 0);
int format(char *buf, size_t size, const char *fmt, ...) PRINTF_LIKE(3, 4);
