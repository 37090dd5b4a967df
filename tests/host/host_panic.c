/* SPDX-License-Identifier: MIT */
/* tests/host/host_panic.c - panic() for host programs; see the header. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/host/host_panic.h"

jmp_buf host_panic_jump;
bool host_panic_armed;
char host_panic_message[512];

void panic(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(host_panic_message, sizeof(host_panic_message), fmt, args);
	va_end(args);
	if (host_panic_armed) {
		host_panic_armed = false;
		longjmp(host_panic_jump, 1);
	}
	fprintf(stderr, "panic: %s\n", host_panic_message);
	abort();
}
