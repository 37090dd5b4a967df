/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/sched/fake/arch/x86_64/switch.h - from one simulated thread's stack to another.
 */
#pragma once

#include "lib/types.h"

void switch_stacks(u64 *save, u64 load);
u64 switch_new_stack(vaddr_t top, void (*begin)(void));
