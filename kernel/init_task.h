/* SPDX-License-Identifier: MIT */
/*
 * kernel/init_task.h - the first task: init="NAME ARGUMENTS" starts bin/NAME of the boot archive,
 * instead of self-tests, with a handle of the system that has all rights in RDI, and the words as
 * its arguments.
 */
#pragma once

#include "lib/types.h"

/*
 * Run it to its end: true, if its status is 0; else one line says why not.  Servers in user mode
 * live as long as they like; a session ends by SYS_POWER.
 */
bool init_task_run(const char *words);
