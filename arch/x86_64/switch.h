/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/switch.h - from one kernel stack to another.
 *
 * What a thread that does not run has on its stack, from its saved stack pointer up:
 *
 *	RBP			for backtraces through frame pointers
 *	address			where it goes on, or where a new thread begins
 *
 * The compiler keeps what else it needs on the stack itself, and no more.  Flags are not kept:
 * interrupts are off on both sides.
 */
#pragma once

#include "lib/types.h"

/*
 * Put the stack pointer into *@save and continue with @load.  Goes on when somebody loads what
 * was saved.  Interrupts off.
 *
 * Not by RET: the CPU would foretell the address that belongs to the stack that was left.
 */
static ALWAYS_INLINE void switch_stacks(u64 *save, u64 load)
{
	__asm__ volatile("push $1f\n\t"
			 "push %%rbp\n\t"
			 "mov %%rsp, (%0)\n\t"
			 "mov %1, %%rsp\n\t"
			 "pop %%rbp\n\t"
			 "pop %%rcx\n\t"
			 "jmp *%%rcx\n"
			 "1:"
			 : "+D"(save), "+S"(load)
			 :
			 : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13",
			   "r14", "r15", "cc", "memory");
}

/* The saved stack pointer of a thread that shall begin in @begin, on the empty stack below @top. */
u64 switch_new_stack(vaddr_t top, void (*begin)(void));
