/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/driver.h - random programs for the simulated CPUs.
 */
#pragma once

#include "arch/x86_64/pte.h"

/* A schedule: address spaces, the programs of all CPUs, the end of all; every page comes back. */
void driver_run(void);

/* No random program: addresses are in one area of two pages below each of @tops entries. */
void driver_use(u32 tops);

/* The addresses that programs of this schedule touch. */
u32 driver_addresses(void);
vaddr_t driver_address(u32 n);
