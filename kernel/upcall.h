/* SPDX-License-Identifier: MIT */
/*
 * kernel/upcall.h - what kernel/ calls and the layer above it, tests/, defines.
 */
#pragma once

#include "lib/types.h"

/* Go wrong on purpose if the command line says so.  tests/provoke.c */
void provoke(void);

/* Run the benchmarks that the command line chooses; how many gave a number. */
u32 run_benches(void);

/* Run what the command line chooses and print the summary.  Did all pass?  tests/harness.c */
bool run_tests(void);
