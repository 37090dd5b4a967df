/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/time.h - the clock (TSC) and this CPU's timer (local APIC).
 */
#pragma once

#include "arch/x86_64/insn.h"
#include "lib/types.h"

#define NS_PER_US  1000ul
#define NS_PER_MS  1000000ul
#define NS_PER_SEC 1000000000ul

/*
 * Find out how fast the TSC and the APIC timer run.  @pm_timer_port: from the FADT, 0 if
 * there is none.  The sources, best first: CPUID leaves 15H and 16H; the ACPI PM timer;
 * the PIT.  0, or -ENODEV when none answers.  Boot CPU, interrupts off, APIC enabled.
 */
int time_calibrate(u16 pm_timer_port);

/* Where the TSC's rate came from: "cpuid 15h", "ACPI PM timer", ... */
const char *time_source(void);

u64 time_tsc_khz(void);
u64 time_apic_khz(void);

/* Nanoseconds since the calibration; 0 before it. */
u64 time_ns(void);

/* The TSC, as it is: one instruction, for traces. */
static inline u64 time_ticks(void)
{
	return rdtsc();
}

/* Wait by spinning.  Before the calibration: much too long rather than too short. */
void time_spin_ns(u64 ns);

/*
 * For tests: the clock is ahead by @ns from now on, on all CPUs, as if nobody had run for so
 * long.  Timers of the hardware that were armed before are late by so much.
 */
void time_jump(u64 ns);

/*
 * Call timer_expired() on this CPU when time_ns() is @deadline, or soon if it is past; at
 * times too early, so that what is far away is asked for in parts.  Or do not call it.
 */
void timer_arm_at(u64 deadline);
void timer_disarm(void);
