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
 * Tell of the current thread's fault in user mode, whose frame is @f.  0: the access may be tried
 * again.  Else what the thread ends with: -EFAULT if its task has no pager.  Blocks; may come back
 * on another CPU.
 */
int fault_message(const struct trapframe *f, vaddr_t va, enum fault_access access)
	REQUIRES(irqs_off);

/* System call (abi.h). */
s64 sys_pager(struct syscall_frame *f);
