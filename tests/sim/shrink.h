/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/shrink.h - a schedule that fails, with what it does not need left out.
 */
#pragma once

#include "lib/types.h"

/*
 * Run @fn(@seed), whose schedule failed or crashed, in children: record its decisions, leave out
 * operations and decisions while it still fails, and print the trace of what is left.
 */
void shrink(void (*fn)(u64 seed), u64 seed);
