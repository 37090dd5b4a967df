/* SPDX-License-Identifier: MIT */
/*
 * user/lib/program.h - what every program has: a main(), and a line to the kernel's log.
 */
#pragma once

#include "lib/types.h"

/* What the first thread was started with: by convention a handle, or 0. */
extern u64 program_arg;

/* The words that it was started with, the first its name; none if nobody gave it any. */
extern u64 program_argc;
extern char **program_argv;

/* The program; its result is the status that its thread ends with. */
int main(void);

/* Text to the kernel's log, by lib/format.h; what is longer than LOG_MAX is cut. */
void print(const char *fmt, ...) PRINTF_LIKE(1, 2);
