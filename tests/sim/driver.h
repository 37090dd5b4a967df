/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/driver.h - random programs for the simulated CPUs.
 */
#pragma once

#include "arch/x86_64/pte.h"

/* A schedule: address spaces, the programs of all CPUs, the end of all; every page comes back. */
void driver_run(void);

/* One of the addresses that programs touch. */
vaddr_t driver_address(u32 n);
#define DRIVER_ADDRESSES 24u

/* The reference of the living mm with @ctx_id; NULL: it is dead. */
const pte_t *driver_reference(u64 ctx_id);
