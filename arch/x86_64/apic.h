/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/apic.h - this CPU's local APIC, by MMIO (xAPIC) or MSR (x2APIC).
 * Source: Intel SDM vol. 3A, chapter 10.
 */
#pragma once

#include "arch/x86_64/percpu.h"
#include "lib/types.h"

#define APIC_DEFAULT_BASE 0xfee00000ul /* physical */

/*
 * Choose the mode: x2APIC where the CPU has it, else xAPIC at @regs, a mapping of the
 * register page.  Once, on the boot CPU, before apic_enable().
 */
void apic_init(volatile u32 *regs);

/* Turn this CPU's local APIC on, all its own sources masked but the timer.  Interrupts off. */
void apic_enable(void);

/*
 * Stop its timer, the one source of its own, and mask it; let it run again, if nothing has
 * reset it.  Interrupts off.
 */
void apic_quiet(void);
void apic_resume(void);

/* "x2APIC" or "xAPIC". */
const char *apic_mode_name(void);

/* Can CPUs with ids above 254 be reached? */
bool apic_is_x2apic(void);

/* The hardware id of the CPU that runs this. */
u32 apic_id(void);

/* End of interrupt. */
void apic_eoi(void);

/* Send an interrupt, an NMI, INIT or SIPI to the CPU with hardware id @id. */
void apic_send_ipi(u32 id, u8 vector);
void apic_send_nmi(u32 id);
void apic_send_init(u32 id);
void apic_send_startup(u32 id, paddr_t page); /* @page below 1 MiB */

/* How many of these this CPU has sent. */
DECLARE_PER_CPU(u64, apic_sent);

/* The timer, one-shot: count down from @count (0: stop) at the bus clock / 16; what is left. */
void apic_timer_start(u32 count);
u32 apic_timer_left(void);

/*
 * The timer, TSC-deadline mode: an interrupt when the TSC is @tsc or more; 0: never.  CPUs
 * that start after apic_timer_use_deadline() are in this mode too, and the one that calls it.
 */
void apic_timer_use_deadline(void);
bool apic_timer_by_deadline(void);
void apic_timer_set_deadline(u64 tsc);
