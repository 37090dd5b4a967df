/* SPDX-License-Identifier: MIT */
/*
 * kernel/system.h - whether a task may do something with the machine: it has a handle
 * of the system object (sys_task.h) that says so.
 */
#pragma once

#include "lib/types.h"

/* May the current task, by @handle, do what @right names? */
bool may_use_system(u64 handle, u32 right);
