/* SPDX-License-Identifier: MIT */
/*
 * kernel/cpus.h - bring the machine's CPUs up.
 */
#pragma once

#include "lib/types.h"

/* Number the CPUs: the boot CPU 0, the others as ACPI lists them, @max in all. */
void cpus_enumerate(u32 max);

/*
 * Start all others, one by one, on the trampoline in @page with the tables at @root.
 * One that does not come gets a line, and the rest go on without it.
 */
void cpus_start(paddr_t page, paddr_t root);

/* A free page below 1 MiB for the trampoline; 0: there is none. */
struct handoff;
paddr_t cpus_trampoline_page(const struct handoff *h);
