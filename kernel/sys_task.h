/* SPDX-License-Identifier: MIT */
/*
 * kernel/sys_task.h - system calls about tasks (abi.h).
 */
#pragma once

#include "kernel/task.h"

s64 sys_task(struct syscall_frame *f);
s64 sys_thread(struct syscall_frame *f);
s64 sys_give(struct syscall_frame *f);
s64 sys_kill(struct syscall_frame *f);
s64 sys_task_wait(struct syscall_frame *f);
s64 sys_task_list(struct syscall_frame *f);

/*
 * The task that a handle of the caller's leads to, with all of @rights, or its own for 0; with a
 * reference.  NULL: there is none.
 */
struct task *task_by_handle(u64 handle, u32 rights);

/* What a handle to see all tasks leads to, with a reference more: for who makes the first task. */
struct kobj *system_object(void);
