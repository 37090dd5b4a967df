/* SPDX-License-Identifier: MIT */
/*
 * kernel/standin.h - the scheduler's and the timers' part of CPU hotplug, until it is there.
 */
#pragma once

#include "lib/types.h"

/*
 * No new thread is placed on @cpu, what can move is pushed away; waits until no
 * migrate-disabled thread is left there, and reports those that take long.  0, or -EBUSY
 * after @deadline (time_ns(); 0: none): then the CPU is active as before.  May block.
 */
int sched_cpu_deactivate(u32 cpu, u64 deadline) WARN_UNUSED_RESULT;
void sched_cpu_activate(u32 cpu);

/* Give this CPU's timers to CPU @to.  Interrupts off. */
void timers_move(u32 to);
