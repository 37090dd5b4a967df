/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/search.h - all schedules of a small program, up to a bound.
 *
 * Without a choice a CPU runs until it waits or is done, and its stores drain at once.  What
 * is chosen, and bounded: a switch to another CPU that could run, at any access (a
 * *preemption*); that a store waits, and that one that waits drains (a *delay*).  What is
 * chosen and costs nothing: who goes on when a CPU cannot, and which of several
 * translations an access uses.  TLBs read all they can (GREED_ALL).
 */
#pragma once

#include "lib/types.h"

struct search_bounds {
	u32 preemptions, delays;
};

#define SEARCH_PHASE 1u /* the phase of a schedule in which there are choices */

/* From the first schedule on. */
void search_begin(const struct search_bounds *bounds);

/* Another schedule begins; false: there is none left. */
bool search_next(void);

/* For schedule.c: see there. */
void search_turn(u32 phase);
bool search_store(void);
u32 search_choose(u32 n);

/* Places where something was chosen, in the schedule that has run. */
u32 search_choices(void);
