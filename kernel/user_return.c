/* SPDX-License-Identifier: MIT */
/*
 * kernel/user_return.c - between the kernel and user mode: what must hold, and which
 * tables user mode gets.
 */
#include "arch/x86_64/pti.h"
#include "arch/x86_64/syscall.h"
#include "arch/x86_64/upcall.h"
#include "arch/x86_64/user_state.h"
#include "kernel/task.h"
#include "kernel/thread.h"
#include "lib/assert.h"
#include "mm/asid.h"
#include "mm/tlb_check.h"

void trap_prepare_user(void)
{
	while (need_resched && preempt_count == 0)
		preempt_in_interrupt();
	if (current->user != NULL && unlikely(user_thread_killed(current->user)))
		user_thread_work();
	tlb_check();
	thread_check_leaks("returns to user mode");
	DEBUG_ASSERT(current->user_state == NULL || user_state_is_loaded(current->user_state),
		     "CPU %u: thread %s goes to user mode with the registers of another", cpu_id,
		     current->name);
	if (pti_on)
		pti_user_cr3 = asid_enter_user();
}

u32 trap_check(void)
{
	tlb_check();
	return kmap_depth;
}

void trap_check_end(u8 vector, u32 mappings)
{
	if (kmap_depth != mappings)
		panic("interrupt %#x came on %u mappings and leaves %u", vector, mappings,
		      kmap_depth);
}
