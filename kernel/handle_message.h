/* SPDX-License-Identifier: MIT */
/*
 * kernel/handle_message.h - a handle that goes with a message: the receiver gets one of its own, of
 * what the sender's is of, with the same rights but that to revoke.
 */
#pragma once

#include "kernel/task.h"

/*
 * A handle for what @from sends into @to's table, and its number, or 0, into @to's last word: @to
 * waits, so it and its task are there; @from's reference and handle stay its own.  The value is
 * the result that says so.  No lock is held.
 */
s64 handle_message_pass(struct user_thread *to, struct user_thread *from) REQUIRES(irqs_off);

/* System calls (abi.h). */
s64 sys_call_handle(struct syscall_frame *f);
s64 sys_reply_wait_handle(struct syscall_frame *f);
s64 sys_call_pager(struct syscall_frame *f);
