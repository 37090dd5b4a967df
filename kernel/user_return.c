/* SPDX-License-Identifier: MIT */
/*
 * kernel/user_return.c - between the kernel and user mode: what must hold, and which
 * tables user mode gets.
 */
#include "arch/x86_64/pti.h"
#include "arch/x86_64/upcall.h"
#include "mm/asid.h"
#include "mm/kmap.h"
#include "mm/tlb_check.h"

void trap_prepare_user(void)
{
	while (need_resched && preempt_count == 0)
		preempt_in_interrupt();
	tlb_check();
	DEBUG_ASSERT(kmap_depth_now() == 0, "CPU %u: user mode with %u pages mapped", cpu_id,
		     kmap_depth_now());
	if (pti_on)
		pti_user_cr3 = asid_enter_user();
}

void trap_check(void)
{
	tlb_check();
}
