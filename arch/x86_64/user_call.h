/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/user_call.h - a few instructions in ring 3, and back: the tests' driver.
 */
#pragma once

#include "arch/x86_64/percpu.h"

/* The stack to come back on; 0: no call is under way on this CPU. */
DECLARE_PER_CPU(u64, user_call_stack);

/*
 * Run the code at @rip in user mode with stack pointer @rsp, interrupts off, until it
 * faults: the value is PROBE_FAULT() of that fault.  What it needs is mapped for user
 * mode in the loaded tables.  Interrupts off; not nested.
 */
u64 user_call(vaddr_t rip, vaddr_t rsp);

static inline bool user_call_active(void)
{
	return user_call_stack != 0;
}

/* End the call under way: user_call() returns @value. */
NORETURN void user_call_finish(u64 value);
