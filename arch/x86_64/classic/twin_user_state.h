/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/classic/twin_user_state.h - the user's GS in the classic kernel: while the kernel
 * runs its base is in MSR_KERNEL_GS_BASE, from where SWAPGS brings it for one instruction.
 *
 * Interrupts are off.  What comes all the same between two SWAPGS (NMI, #MC) takes this CPU's base
 * by the CPU's number and puts back the one that it found (twin_entry.inc).
 */
#pragma once

#include "arch/x86_64/cpuid.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"

static inline u64 user_gs_base_read(void)
{
	u64 base;

	if (unlikely(!cpu_features.fsgsbase))
		return rdmsr(MSR_KERNEL_GS_BASE);
	__asm__ volatile("swapgs; rdgsbase %0; swapgs" : "=r"(base)::"memory");
	return base;
}

static inline void user_gs_base_write(u64 base)
{
	if (likely(cpu_features.fsgsbase))
		__asm__ volatile("swapgs; wrgsbase %0; swapgs" ::"r"(base) : "memory");
	else
		wrmsr(MSR_KERNEL_GS_BASE, base);
}

/* With FSGSBASE. */
static ALWAYS_INLINE u64 user_gs_base_swap(u64 base)
{
	u64 old;

	__asm__ volatile("swapgs; rdgsbase %0; wrgsbase %1; swapgs"
			 : "=&r"(old)
			 : "r"(base)
			 : "memory");
	return old;
}

/*
 * The base is lost.  The fence: some of AMD's CPUs begin a SWAPGS before the load of a selector has
 * ended.
 */
static inline void user_gs_selector_load(u16 selector)
{
	__asm__ volatile("swapgs; mov %0, %%gs; mfence; swapgs" ::"r"((u32)selector) : "memory");
}
