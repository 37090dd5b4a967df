/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/emulator.h - leave the emulator with a verdict, if one listens.
 *
 * Only the command line's emulator=qemu|bochs makes the kernel touch these ports: on
 * a real machine something else may live there, and its summary stays on the screen.
 */
#pragma once

#include "lib/types.h"

/* What the kernel tells QEMU's isa-debug-exit; QEMU's status is twice that plus one. */
enum verdict {
	VERDICT_PASS = 0x10,
	VERDICT_FAIL = 0x11,
	VERDICT_PANIC = 0x12,
};

/* Look for the emulator= word.  Needs nothing: callable from the first instruction on. */
void emulator_init(const char *cmdline);

/* Leave, if an emulator listens. */
void emulator_leave(enum verdict verdict);

/* Leave.  On a machine where no emulator listens: halt for good. */
NORETURN void emulator_exit(enum verdict verdict);
