/* SPDX-License-Identifier: MIT */
/*
 * kernel/abi.h - the contract between the kernel and user programs, which both include.
 *
 * A system call is the instruction SYSCALL with its number in RAX and its arguments in RDI,
 * RSI, RDX, R10, R8 and R9.  The result is in RAX: not negative, or an error of lib/err.h,
 * negated.  RCX and R11 are lost; every other register is kept, unless a call says that it
 * returns words in it.
 *
 * A program begins at its ELF entry point with RSP at the top of its stack, 16-aligned.
 */
#pragma once

enum syscall {
	SYS_NULL = 0, /* (): nothing, 0; to measure the way */
	SYS_EXIT = 1, /* (status): ends the thread, does not return */
	SYS_LOG = 2,  /* (text, length): to the kernel's log, for early programs; 0 or -EFAULT */
};
