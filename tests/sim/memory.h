/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/memory.h - physical memory of the simulated machine.  It is mm/page_alloc.h
 * and mm/slab.h for the code under test: pages at random, objects from the host's
 * allocator, so that the address sanitizer sees a use after free.
 */
#pragma once

#include "lib/types.h"

void memory_init(void);
void memory_reset(void);

/* Is the frame at @pa allocated, from the zone of tables (@table) or of users? */
bool memory_is(paddr_t pa, bool table);

/* Frames allocated now. */
u32 memory_in_use(void);
