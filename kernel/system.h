/* SPDX-License-Identifier: MIT */
/*
 * kernel/system.h - the system object: handles of it say what a task may do with the machine.
 * There is one, which never ends and is nothing but its handles' rights.
 */
#pragma once

#include "kernel/kobj.h"

extern struct kobj system_object;

/* May the current task, by @handle, do what @right names? */
bool may_use_system(u64 handle, u32 right);
