/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/user_call.h - a few instructions in ring 3, and back: the tests' driver.
 */
#pragma once

#include "arch/x86_64/cpu_area.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/trapframe.h"

/* The stack to come back on; 0: no call is under way on this CPU. */
DECLARE_PER_CPU(u64, user_call_stack);

/*
 * Go to user mode as @f says, until it faults, or the way there does: the value is
 * PROBE_FAULT() of that fault.  An address space is loaded that maps what it needs.
 * Interrupts and preemption off; not nested.
 */
u64 user_call_frame(const struct trapframe *f);

/* The same: run the code at @rip with stack pointer @rsp, interrupts off. */
static inline u64 user_call(vaddr_t rip, vaddr_t rsp)
{
	struct trapframe f = {
		.rip = rip,
		.cs = SEL_USER_CODE | RPL_USER,
		.rflags = RFLAGS_FIXED,
		.rsp = rsp,
		.ss = SEL_USER_DATA | RPL_USER,
	};

	u64 fault;

	preempt_disable();
	fault = user_call_frame(&f);
	preempt_enable();
	return fault;
}

static inline bool user_call_active(void)
{
	return user_call_stack != 0;
}

/* End the call under way: user_call() returns @value. */
NORETURN void user_call_finish(u64 value);
