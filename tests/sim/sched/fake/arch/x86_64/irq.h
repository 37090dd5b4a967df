/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/sched/fake/arch/x86_64/irq.h - the interrupt flag, and halting.
 */
#pragma once

#include_next "arch/x86_64/irq.h"

/* Until an interrupt has come. */
void irq_enable_and_halt(void);
