/* SPDX-License-Identifier: MIT */
/*
 * kernel/cpu_slots.h - the places for CPUs that QEMU has, empty or not, and what the host
 * does with them (docs/hotplug.md).
 *
 * Nothing tells of it: there is no I/O APIC and so no SCI.  A thread looks from time to time;
 * it brings up what comes, and takes down and gives back what is asked back.
 */
#pragma once

#include "lib/types.h"

/*
 * Look whether the machine has such places, and give the empty ones numbers, @max CPUs in
 * all.  A line says what was found.  Boot CPU, behind cpus_enumerate(), before CPUs start.
 */
void cpu_slots_find(u32 max);

/* From here on a thread watches the places, if any were found.  All CPUs have started. */
void cpu_slots_watch(void);

/* How many requests of the host were refused, by time or by error. */
u32 cpu_slots_refused(void);
