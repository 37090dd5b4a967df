/* SPDX-License-Identifier: MIT */
/*
 * tests/host/fake/arch/x86_64/percpu.h - per-CPU variables of a simulated machine.
 *
 * As in the kernel a variable is linked once and each CPU has a copy, elsewhere.
 * There is no address that means a CPU's own copy, so every access but that to cpu_id
 * and preempt_count must go through this_cpu_ptr() or this_cpu_*().
 */
#pragma once

#include "arch/x86_64/layout.h"

#define DECLARE_PER_CPU(type, name) extern __typeof__(type) name
#define DEFINE_PER_CPU(type, name)  SECTION("percpu_linked") __typeof__(type) name

extern u64 percpu_offset[MAX_CPUS];

extern u32 cpu_id;	  /* the CPU whose turn it is: machine_set_cpu() */
extern u32 preempt_count; /* one for all CPUs: they take turns at count 0 */

#define per_cpu_ptr(ptr, cpu)                                                                      \
	({                                                                                         \
		u64 address_ = (u64)(ptr);                                                         \
		__asm__("" : "+r"(address_));                                                      \
		(__typeof__(ptr))(address_ + percpu_offset[cpu]);                                  \
	})

#define this_cpu_ptr(ptr) per_cpu_ptr(ptr, cpu_id)

#define this_cpu_read(var)	 (*this_cpu_ptr(&(var)))
#define this_cpu_write(var, val) ((void)(*this_cpu_ptr(&(var)) = (val)))
#define this_cpu_add(var, val)	 ((void)(*this_cpu_ptr(&(var)) += (val)))
#define this_cpu_sub(var, val)	 ((void)(*this_cpu_ptr(&(var)) -= (val)))
#define this_cpu_inc(var)	 this_cpu_add(var, 1)
#define this_cpu_dec(var)	 this_cpu_sub(var, 1)

static inline void preempt_disable(void)
{
	preempt_count++;
}

static inline void preempt_enable(void)
{
	preempt_count--;
}
