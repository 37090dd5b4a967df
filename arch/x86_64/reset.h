/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/reset.h - start the machine anew, or turn it off.
 */
#pragma once

#include "lib/acpi.h"

/*
 * Reset by each way that there is until one works, which is said before: the FADT's reset register
 * if it is a port, port 0xcf9, the keyboard controller, a triple fault.  Interrupts off.
 */
NORETURN void machine_reset(const struct acpi_register *reg, u8 value);

/* Write what turns QEMU and Bochs off to their PM1 control register @port.  Returns if they stay.
 */
void machine_soft_off(u16 port);
