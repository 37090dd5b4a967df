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
