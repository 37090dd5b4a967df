/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/scenarios.h - small programs for two CPUs, to search all their schedules.
 */
#pragma once

#include "lib/types.h"

/*
 * Search all schedules of each scenario whose name begins with @which, up to its bound: "all",
 * of every one; "quick", of every one up to a smaller bound.  A failure ends the program.
 */
void scenarios_search(const char *which);
