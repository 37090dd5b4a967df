/* SPDX-License-Identifier: MIT */
/*
 * user/lib/program.h - what every program has: a main(), and a line to the kernel's log.
 */
#pragma once

#include "lib/types.h"

/* The program; its result is the status that its thread ends with. */
int main(void);

/* Text to the kernel's log, by lib/format.h; what is longer than LOG_MAX is cut. */
void print(const char *fmt, ...) PRINTF_LIKE(1, 2);
