/* SPDX-License-Identifier: MIT */
/*
 * user/lib/screen.h - text on the screen, as lib/fbcon.h has it, by a program that has the screen.
 */
#pragma once

#include "lib/types.h"

/*
 * Take the screen, by @system with RIGHT_SCREEN, and clear it.  0; -ENODEV: there is none, or it is
 * too small; -EBUSY: somebody has it; or an error of the file or the memory.
 */
s64 screen_open(u64 system);

/* Nothing without a screen. */
void screen_write(const char *text, size_t n);
