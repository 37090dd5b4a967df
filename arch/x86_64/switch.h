/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/switch.h - from one kernel stack to another.
 *
 * What a thread that does not run has on its stack, from its saved stack pointer up:
 *
 *	R15 R14 R13 R12 RBX RBP		what a C function must keep for its caller
 *	return address			of switch_stacks(), or where a new thread begins
 *
 * Flags are not kept: interrupts are off on both sides.
 */
#pragma once

#include "lib/types.h"

#define SWITCH_SAVED_REGISTERS 6

/*
 * Put the caller's registers on its stack and the stack pointer into *@save; continue
 * with the stack pointer @load.  Returns when somebody loads what was saved.  Interrupts off.
 */
void switch_stacks(u64 *save, u64 load);

/* The saved stack pointer of a thread that shall begin in @begin, on the empty stack below @top. */
u64 switch_new_stack(vaddr_t top, void (*begin)(void));
