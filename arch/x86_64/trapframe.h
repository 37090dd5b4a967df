/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/trapframe.h - what trap.asm leaves on the stack: C's view.
 */
#pragma once

#include "lib/types.h"

struct trapframe {
	u64 r15, r14, r13, r12, r11, r10, r9, r8;
	u64 rdi, rsi, rbp, rbx, rdx, rcx, rax;
	u64 vector, error;	      /* the stub; error is 0 where the CPU gives none */
	u64 rip, cs, rflags, rsp, ss; /* the CPU */
};

STATIC_ASSERT(sizeof(struct trapframe) == 22 * 8, "trap.asm pushes 22 words");

static inline bool from_user(const struct trapframe *f)
{
	return (f->cs & 3) == 3;
}
