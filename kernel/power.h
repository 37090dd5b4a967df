/* SPDX-License-Identifier: MIT */
/*
 * kernel/power.h - the machine is reset, or turned off.  In a thread, interrupts on, no lock held.
 */
#pragma once

#include "lib/types.h"

NORETURN void power_reboot(void);

/*
 * An emulator that listens is left, as after tests that passed; QEMU and Bochs without such a word
 * are turned off.  How others are stands in AML, which nobody reads here: that is said, and all
 * CPUs halt.
 */
NORETURN void power_off(void);
