/* SPDX-License-Identifier: MIT */
/*
 * kernel/cpus.h - bring the machine's CPUs up.
 */
#pragma once

#include "lib/types.h"

/* Number the CPUs: the boot CPU 0, the others as ACPI lists them, @max in all. */
void cpus_enumerate(u32 max);

/* The number of the CPU with this APIC id; cpu_count: it has none. */
u32 cpus_find(u32 apic_id);

/*
 * A number for a CPU with this APIC id that is not there, but may come.  Before CPUs are
 * started, since cpu_count is constant afterwards.  False: there are @max, or it could not
 * be reached.
 */
bool cpus_add_place(u32 apic_id, u32 max);

/* How many there are, empty places left out. */
u32 cpus_present(void);

/*
 * Start all others, one by one, on the trampoline in @page with the tables at @root.
 * One that does not come gets a line, and the rest go on without it.
 */
void cpus_start(paddr_t page, paddr_t root);

/* Bring up CPU @cpu, which is there: as cpu_up(), and a line says why if it does not come. */
int cpus_start_one(u32 cpu) WARN_UNUSED_RESULT;

/* A free page below 1 MiB for the trampoline; 0: there is none. */
struct handoff;
paddr_t cpus_trampoline_page(const struct handoff *h);
