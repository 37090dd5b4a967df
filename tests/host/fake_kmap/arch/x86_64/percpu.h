/* SPDX-License-Identifier: MIT */
/*
 * tests/host/fake_kmap/arch/x86_64/percpu.h - the kernel's own header in the form of the percpu
 * kernel: a variable is one address, and the machine puts the copy of the CPU that has its turn
 * there.  Before and after each operation anything may happen: machine_step().
 */
#pragma once

#include_next "arch/x86_64/percpu.h"

void machine_step(void);

#undef this_cpu_read
#define this_cpu_read(var)                                                                         \
	({                                                                                         \
		__typeof__(var) value_;                                                            \
		machine_step();                                                                    \
		value_ = (var);                                                                    \
		machine_step();                                                                    \
		value_;                                                                            \
	})

#undef this_cpu_write
#define this_cpu_write(var, val)                                                                   \
	do {                                                                                       \
		machine_step();                                                                    \
		(var) = (val);                                                                     \
		machine_step();                                                                    \
	} while (0)

#undef this_cpu_add
#define this_cpu_add(var, val)                                                                     \
	do {                                                                                       \
		machine_step();                                                                    \
		(var) += (val);                                                                    \
		machine_step();                                                                    \
	} while (0)

#undef this_cpu_sub
#define this_cpu_sub(var, val)                                                                     \
	do {                                                                                       \
		machine_step();                                                                    \
		(var) -= (val);                                                                    \
		machine_step();                                                                    \
	} while (0)

#undef this_cpu_write_here
#define this_cpu_write_here(var) this_cpu_write(var, (u64)__builtin_frame_address(0))
