/* SPDX-License-Identifier: MIT */
/*
 * kernel/abi.h - the contract between the kernel and user programs, which both include: numbers
 * of system calls, rights, and what a message is.
 *
 * A system call is the instruction SYSCALL with its number in RAX and its arguments in RDI,
 * RSI, RDX, R10, R8 and R9.  The result is in RAX: not negative, or an error of lib/err.h,
 * negated.  RCX and R11 are lost; every other register is kept, unless a call says that it
 * returns words in it.
 *
 * A program begins at its ELF entry point with RSP at the top of its stack, 16-aligned.
 */
#pragma once

enum syscall_number {
	SYS_NULL,  /* nothing: 0 */
	SYS_EXIT,  /* (status): the thread ends */
	SYS_LOG,   /* (text, bytes): a line of the kernel's log, up to LOG_MAX bytes */
	SYS_YIELD, /* (): others of this priority run first */
	SYS_CALL,  /* (endpoint; message): send it, wait for the reply, which is the message then */
	SYS_REPLY_WAIT, /* (endpoint; message): reply to the last call, if there is one that waits
			   for it, then wait for the next, which is the message then; -EPIPE:
			   replied, and there will be no next */
	SYS_ENDPOINT,	/* (): a new endpoint's handle, with all rights */
	SYS_DUPLICATE,	/* (handle, rights): another handle of the same, with fewer rights */
	SYS_CLOSE,	/* (handle) */
	SYS_NUMBERS,
};

/* A message: seven words, in RSI, RDX, R10, R8, R9, R12, R13. */
#define MESSAGE_WORDS 7

#define LOG_MAX 200

/* What a handle allows: bits. */
enum right {
	RIGHT_CALL = 1,	     /* of an endpoint: SYS_CALL */
	RIGHT_RECEIVE = 2,   /* SYS_REPLY_WAIT */
	RIGHT_DUPLICATE = 4, /* of any */
};
