/* SPDX-License-Identifier: MIT */
/*
 * tests/timer_chip.h - devices that interrupt when they are told to: the PIT's channel 0, by an
 * edge, and the HPET's first timer, by level.  Nobody else uses them.
 */
#pragma once

#include "lib/types.h"

#define PIT_IRQ 0u /* of the ISA bus */

/* One interrupt in @us microseconds, up to 50 ms. */
void pit_one_shot(u32 us);

struct hpet {
	volatile u64 *regs;
	u32 gsi; /* where the timer's interrupt comes in */
};

/* Start it.  0; -ENODEV: there is none, or none that interrupts by level where we can hear it. */
int hpet_find(struct hpet *h);

/* The line goes up in @us microseconds, and stays; it goes down. */
void hpet_one_shot(struct hpet *h, u32 us);
void hpet_quiet(struct hpet *h);

void hpet_stop(struct hpet *h);
