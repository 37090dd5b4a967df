/* SPDX-License-Identifier: MIT */
/*
 * kernel/fault_message.h - a fault that nothing resolves, told to the task's pager: a call that the
 * thread did not make.
 *
 * The pager maps something there, with a handle of the task, and replies; then the access is tried
 * again.  If nothing is mapped there then either, it is told once more, as often as the pager
 * replies so.
 */
#pragma once

#include "arch/x86_64/syscall.h"
#include "arch/x86_64/trapframe.h"
#include "lib/lock_check.h"
#include "mm/mm.h"

/*
 * Tell of the current thread's fault in user mode, whose frame is @f.  True: the access may be
 * tried again, or the thread is to end.  False: its task has no pager, or had one: @error is why.
 * Blocks; may come back on another CPU.
 */
bool fault_message(const struct trapframe *f, vaddr_t va, enum fault_access access, int *error)
	REQUIRES(irqs_off);

/* System call (abi.h). */
s64 sys_pager(struct syscall_frame *f);
