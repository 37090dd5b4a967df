/* SPDX-License-Identifier: MIT */
/*
 * kernel/sys_task.h - system calls about tasks (abi.h).
 */
#pragma once

#include "kernel/exec_args.h"
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

/*
 * Load the program at @file, which may be anything, into @task, which is empty, with @args: its
 * first thread begins at .image.  0, or an error of exec_load(), which the log has said more of.
 */
int task_load(struct task *task, const void *file, size_t size,
	      const struct exec_args *args) WARN_UNUSED_RESULT;
