/* SPDX-License-Identifier: MIT */
/*
 * kernel/abi.h - what user mode and the kernel agree on: numbers of system calls, rights, and
 * what a message is.  User programs include it too.
 *
 * A call has its number in RAX and arguments in RDI, RSI, RDX, R10, R8, R9; the result is in
 * RAX: 0 or more, or an error of lib/err.h negated.  RCX and R11 are spoilt, all other registers
 * stay, unless a call says that it returns something there.
 */
#pragma once

enum syscall_number {
	SYS_NULL,  /* nothing: 0 */
	SYS_EXIT,  /* (status): the thread ends */
	SYS_LOG,   /* (text, bytes): a line of the kernel's log, up to LOG_MAX bytes */
	SYS_YIELD, /* (): others of this priority run first */
	SYS_CALL,  /* (endpoint; message): send it, wait for the reply, which is the message then */
	SYS_REPLY_WAIT, /* (endpoint; message): reply to the last call, if there is one that waits
			   for it, then wait for the next, which is the message then */
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
