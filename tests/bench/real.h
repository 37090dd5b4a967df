/* SPDX-License-Identifier: MIT */
/*
 * tests/bench/real.h - what the CPU's own counters (pmu.h) say of samples: of what lies between the
 * readings of the TSC, and nothing of what lies between samples.
 *
 * They run on the CPU that runs the benchmarks, on which each sample begins and ends.
 */
#pragma once

#include "arch/x86_64/pmu.h"
#include "lib/types.h"

extern bool real_on; /* there are counters, and they run */

/* Start them, and say which there are, or why none.  Once. */
void real_start(void);

/* The samples before are forgotten; or they were empty, and theirs is taken off from now on. */
void real_forget(void);
void real_were_empty(void);

void real_begin(void);
void real_end(void);

/* What the samples since took, "pmu: " and an object without its end, or nothing, false. */
bool real_print(const char *name);
