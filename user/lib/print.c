/* SPDX-License-Identifier: MIT */
/* user/lib/print.c - see program.h. */
#include "lib/format.h"
#include "user/lib/program.h"
#include "user/lib/syscall.h"

void print(const char *fmt, ...)
{
	char text[LOG_MAX + 1];
	va_list args;
	int length;

	va_start(args, fmt);
	length = format_v(text, sizeof(text), fmt, args);
	va_end(args);
	sys_log(text, MIN((size_t)length, sizeof(text) - 1));
}
