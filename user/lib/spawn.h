/* SPDX-License-Identifier: MIT */
/*
 * user/lib/spawn.h - a program of the boot archive, started by words that somebody has written.
 */
#pragma once

#include "lib/types.h"

/*
 * A new task with the program bin/@words[0], and the @n words as its arguments, that may have
 * @pages, 0: as many as the caller.  It has no thread yet: sys_thread() starts it where it begins.
 * Its handle, or an error.
 */
s64 spawn_task(char **words, u64 n, u64 pages);
