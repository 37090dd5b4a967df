/* SPDX-License-Identifier: MIT */
/*
 * user/lib/i8042.h - the keyboard controller of a PC: its first port, with a keyboard whose scan
 * codes it translates to set 1 (keyboard.h).
 *
 * Each code that comes is an interrupt, and none more comes before it is read.
 */
#pragma once

#include "lib/types.h"

#define I8042_PORTS 5 /* from 0x60 on, of which the first and the last are used */

/*
 * Make it so, by @ports, a handle.  0; -ENODEV: nothing answers there as a controller does.  Waits
 * for it, a tenth of a second at most for each answer.
 */
s64 i8042_set_up(u64 ports);

/* The next code; -EAGAIN: none has come. */
int i8042_read(u64 ports);
