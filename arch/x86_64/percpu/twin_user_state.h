/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/percpu/twin_user_state.h - the user's GS in the percpu kernel: it is in GS.
 */
#pragma once

#include "arch/x86_64/cpuid.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"

static inline u64 user_gs_base_read(void)
{
	u64 base;

	if (unlikely(!cpu_features.fsgsbase))
		return rdmsr(MSR_GS_BASE);
	__asm__ volatile("rdgsbase %0" : "=r"(base)::"memory");
	return base;
}

static inline void user_gs_base_write(u64 base)
{
	if (likely(cpu_features.fsgsbase))
		__asm__ volatile("wrgsbase %0" ::"r"(base) : "memory");
	else
		wrmsr(MSR_GS_BASE, base);
}

/* With FSGSBASE. */
static ALWAYS_INLINE u64 user_gs_base_swap(u64 base)
{
	u64 old;

	__asm__ volatile("rdgsbase %0; wrgsbase %1" : "=&r"(old) : "r"(base) : "memory");
	return old;
}

/* The base is lost. */
static inline void user_gs_selector_load(u16 selector)
{
	__asm__ volatile("mov %0, %%gs" ::"r"((u32)selector) : "memory");
}
