/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/fake/arch/x86_64/percpu.h - the kernel's own header, its variables reached
 * through GS as in the classic kernel, with the host's GS base set for each simulated CPU.
 * What other CPUs read is stored through the store buffer.
 */
#pragma once

#include_next "arch/x86_64/percpu.h"
#include "tests/sim/machine.h"

/* A section whose name the linker makes symbols for. */
#undef DEFINE_PER_CPU
#define DEFINE_PER_CPU(type, name) SECTION("percpu_linked") __typeof__(type) PERCPU_QUAL name

#undef this_cpu_write
#define this_cpu_write(var, val)                                                                   \
	do {                                                                                       \
		PERCPU_TYPE(&(var)) value_ = (val);                                                \
		sim_store(this_cpu_ptr(&(var)), &value_, sizeof(value_));                          \
	} while (0)

#undef this_cpu_xchg
#define this_cpu_xchg(var, val)                                                                    \
	({                                                                                         \
		PERCPU_TYPE(&(var)) value_ = (val);                                                \
		sim_xchg(this_cpu_ptr(&(var)), &value_, sizeof(value_));                           \
		value_;                                                                            \
	})
