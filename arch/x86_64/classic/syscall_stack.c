/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/classic/syscall_stack.c - what SYSCALL needs on a user PGD: it changes no stack,
 * and only GS leads to memory of this CPU's.
 */
#include "arch/x86_64/percpu.h"

/* The user's stack pointer, until the kernel's is loaded.  syscall.asm */
DEFINE_PER_CPU_ENTRY(u64, syscall_user_sp);
