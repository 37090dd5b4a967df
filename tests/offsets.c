/* SPDX-License-Identifier: MIT */
/*
 * tests/offsets.c - what user_programs.asm has to know: as arch/x86_64/offsets.c, which see.
 */
#include "kernel/abi.h"
#include "lib/err.h"
#include "lib/types.h"

#define VALUE(name, value) __asm__ volatile(".ascii \"->" #name " %0\"" ::"i"(value))

void offsets(void);
void offsets(void)
{
	VALUE(SYS_NULL, SYS_NULL);
	VALUE(SYS_EXIT, SYS_EXIT);
	VALUE(SYS_YIELD, SYS_YIELD);
	VALUE(SYS_CALL, SYS_CALL);
	VALUE(SYS_REPLY_WAIT, SYS_REPLY_WAIT);
	VALUE(SYS_SIGNAL, SYS_SIGNAL);
	VALUE(SYS_WAIT, SYS_WAIT);
	VALUE(SYS_TIMER_SET, SYS_TIMER_SET);
	VALUE(SYS_CLOCK, SYS_CLOCK);
	VALUE(SYS_TIMEOUT, SYS_TIMEOUT);
	VALUE(WAIT_FOR_EVER, WAIT_FOR_EVER);
	VALUE(TIMER_PERIOD_MIN, TIMER_PERIOD_MIN);
	VALUE(ERR_TIMED_OUT, -ETIMEDOUT);
	VALUE(SYS_CLOSE, SYS_CLOSE);
	VALUE(SYS_TASK_WAIT, SYS_TASK_WAIT);
	VALUE(SYS_FORK, SYS_FORK);
	VALUE(SYS_CALL_HANDLE, SYS_CALL_HANDLE);
	VALUE(ERR_UNKNOWN, -EOPNOTSUPP);
	VALUE(ERR_PIPE, -EPIPE);
}
