/* SPDX-License-Identifier: MIT */
/*
 * kernel/init_task.h - the first task: init=NAME starts bin/NAME of the boot archive, instead of
 * self-tests, with a handle of the system that has all rights as its argument.
 */
#pragma once

/*
 * Run it to its end: 0, or one line says why not.  Servers in user mode live as long as they like;
 * a session ends by SYS_POWER, so this returns when something went wrong.
 */
void init_task_run(const char *name);
