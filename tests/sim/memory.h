/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/memory.h - physical memory of the simulated machine.  It is mm/page_alloc.h
 * and mm/slab.h for the code under test: pages at random, objects from a heap
 * in which none is reused, so that the address sanitizer sees a use after free.
 */
#pragma once

#include "lib/types.h"

void memory_init(void);
void memory_reset(void);

/* Is the frame at @pa allocated, from the zone of tables (@table) or of users? */
bool memory_is(paddr_t pa, bool table);

/* Another number after the frame at @pa, with @run any of its run, has been freed. */
u32 memory_age(paddr_t pa, bool run);

/* Frames allocated now. */
u32 memory_in_use(void);
