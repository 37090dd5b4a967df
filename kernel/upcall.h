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

/* Run what options.test and options.bench choose, and say how it went.  Did all pass? */
bool run_tests(void);

/* Say what run_tests() has found, as the run's last word. */
void say_verdict(void);
