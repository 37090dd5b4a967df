/* SPDX-License-Identifier: MIT */
/*
 * kernel/system.h - the object whose handles say what a task may do with the machine.
 */
#pragma once

#include "kernel/kobj.h"

/* There is one, which never ends. */
struct kobj *system_object(void);

/* May the current task, by @handle, do what @right names? */
bool may_use_system(u64 handle, u32 right);
