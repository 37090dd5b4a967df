/* SPDX-License-Identifier: MIT */
/*
 * kernel/watchdog.h - panic if something takes longer than it may.
 */
#pragma once

#include "lib/types.h"

/*
 * From now on @what has @ns; the panic names it.  It is this CPU that barks, whatever
 * thread it runs by then, if its interrupts are on.  One at a time; stop it on the same CPU.
 */
void watchdog_start(const char *what, u64 ns);
void watchdog_stop(void);
