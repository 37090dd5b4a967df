/* SPDX-License-Identifier: MIT */
/*
 * tests/host/fake/machine.h - a machine for host tests of mm/: physical memory, a page
 * array, CPUs that take turns.
 *
 * Both are reserved without access.  machine_add_ram() opens a piece of memory and its
 * part of the page array, so that a touch of a hole in either, or of memory that the
 * direct map does not cover, is a fault that ends the test.
 */
#pragma once

#include "lib/types.h"

#define MACHINE_PHYS_END (16 * GIB)

/* A machine without memory, its per-CPU variables as linked, interrupts on, on CPU 0. */
void machine_start(void);

/* Undo machine_start(); panics if a lock is held or interrupts are off. */
void machine_stop(void);

/* RAM at [start, end), zeroed.  @mapped: the direct map covers it. */
void machine_add_ram(paddr_t start, paddr_t end, bool mapped);

/* It is @cpu's turn; no lock is held. */
void machine_set_cpu(u32 cpu);

/* After expect_panic(): the panicking code's locks are gone and interrupts on. */
void machine_after_panic(void);
