/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/ioapic.h - I/O APICs: a device's interrupt becomes a vector of one CPU.
 * Source: Intel 82093AA data sheet; Intel SDM vol. 3A, 10.8 (remote IRR, end of interrupt).
 *
 * Interrupts are known by their global numbers (GSI).  Number n has the vector
 * IRQ_DEVICE_FIRST + n, on whichever CPU it goes to, so that it goes to another CPU by one store.
 * All functions but ioapic_add(): any context but NMI; a change is in effect when they return.
 */
#pragma once

#include "arch/x86_64/trap.h"
#include "lib/types.h"

#define IOAPIC_GSIS	 (IRQ_DEVICE_LAST - IRQ_DEVICE_FIRST + 1)
#define IOAPIC_MAX_CPU	 0xfeu /* the largest APIC id that an entry can name */
#define IOAPIC_REGS_SIZE 0x20  /* bytes of registers */

/*
 * Take over the I/O APIC with its registers at @regs, uncached, whose first interrupt is
 * @gsi_base: all are masked.  How many it has, or -ENODEV: nothing answers there; -EEXIST: another
 * has one of them; -ENOSPC: there are too many.  Boot CPU, before others start.
 */
int ioapic_add(volatile u32 *regs, u32 gsi_base) WARN_UNUSED_RESULT;

/* Is there an interrupt of that number? */
bool ioapic_has(u32 gsi);

/* Say what @gsi's signal is like and which CPU, by its APIC id, it goes to; it is masked. */
void ioapic_set(u32 gsi, bool level, bool low, u32 apic_id);

/* From now on it goes to the CPU with this APIC id.  What has been sent before has arrived. */
void ioapic_move(u32 gsi, u32 apic_id);

void ioapic_mask(u32 gsi);
void ioapic_unmask(u32 gsi);
