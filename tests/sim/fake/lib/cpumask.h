/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/fake/lib/cpumask.h - the kernel's own, its locked operations being moments at
 * which the store buffer drains and others may run.
 */
#pragma once

#include_next "lib/cpumask.h"
#include "tests/sim/machine.h"

#define cpumask_set_atomic(mask, cpu)                                                              \
	(cpumask_set_atomic)((struct cpumask *)sim_locked_point(mask), cpu)
#define cpumask_clear_atomic(mask, cpu)                                                            \
	(cpumask_clear_atomic)((struct cpumask *)sim_locked_point(mask), cpu)
