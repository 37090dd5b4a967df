/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/sched/fake_kernel.h - the machine below the scheduler under test.
 */
#pragma once

#include "lib/types.h"

/* Once; then for each schedule, after sim_machine_reset(): all CPUs active, idle threads made. */
void fake_kernel_init(void);
void fake_kernel_reset(void);

/* Every thread has ended: CPUs that halt are done. */
extern bool fake_all_over;

/* Interrupts that are pending: bits of vcpu.callers. */
#define PENDING_RESCHEDULE 1u
#define PENDING_TIMER	   2u

/* --- timers.c ------------------------------------------------------------------------------- */

void fake_timers_reset(void);

/* On @cpu, in its interrupt: those that are due. */
void fake_run_timers(u32 cpu);

/* From outside: the CPUs of those that are due get an interrupt. */
void fake_raise_timers(void);

/* The next deadline is now.  False: there is none. */
bool fake_skip_time(void);
