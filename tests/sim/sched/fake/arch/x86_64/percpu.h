/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/sched/fake/arch/x86_64/percpu.h - an interrupt may come before each operation on a
 * variable of this CPU, and the thread may go on on another.
 */
#pragma once

#include_next "arch/x86_64/percpu.h"

#undef this_cpu_add
#define this_cpu_add(var, val)                                                                     \
	do {                                                                                       \
		(void)sim_load_point(NULL);                                                        \
		PERCPU_OP("add", var, val);                                                        \
	} while (0)

#undef this_cpu_sub
#define this_cpu_sub(var, val)                                                                     \
	do {                                                                                       \
		(void)sim_load_point(NULL);                                                        \
		PERCPU_OP("sub", var, val);                                                        \
	} while (0)

/* Local: others do not read what the scheduler keeps there. */
#undef this_cpu_write
#define this_cpu_write(var, val)                                                                   \
	do {                                                                                       \
		(void)sim_load_point(NULL);                                                        \
		PERCPU_OP("mov", var, val);                                                        \
	} while (0)
