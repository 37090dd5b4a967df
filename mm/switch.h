/* SPDX-License-Identifier: MIT */
/*
 * mm/switch.h - load an mm on this CPU.
 */
#pragma once

#include "lib/lock_check.h"
#include "mm/mm.h"

/*
 * Run this CPU on @next, of which the caller holds a use.  Interrupts off.  Cannot fail.
 * A kernel thread does not call it: it goes on with whatever is loaded (lazy TLB).
 */
void switch_mm(struct mm *next) REQUIRES(irqs_off);

/* Load the neutral PGD.  Interrupts off. */
void switch_to_neutral(void) REQUIRES(irqs_off);
