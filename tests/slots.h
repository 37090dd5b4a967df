/* SPDX-License-Identifier: MIT */
/*
 * tests/slots.h - fewer slots than asids= says, for a test that wants them to run out.
 */
#pragma once

#include "mm/asid.h"
#include "mm/switch.h"
#include "tests/cpus.h"

static inline void give_slots_back(void *arg)
{
	(void)arg;
	switch_to_neutral();
	asid_give_back();
}

/*
 * From now on each CPU sets up @n slots at most, and starts with no more than the reserve
 * has.  What the limit was before.  No thread runs on an address space.
 */
static inline u32 limit_slots(u32 n)
{
	u32 before = asids;

	asids = n;
	on_each_cpu(give_slots_back, NULL);
	return before;
}
