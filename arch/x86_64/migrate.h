/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/migrate.h - migrate_disable(): stay on this CPU, and still be preempted and sleep.
 *
 *	migrate_disable();
 *	what refers to this CPU by its number, or by an address of its own
 *	migrate_enable();
 *
 * Sections nest.  Neither call blocks; any context but NMI.  Between them this CPU's variables
 * may be named, but whoever preempts the task may change them.
 *
 * The count is a variable of the CPU, as preempt_count is, and belongs to the thread that
 * runs: the scheduler takes it along at each switch.  The outermost call notes where it is,
 * with one store, for whoever waits for the section to end.  A section in which the thread
 * was switched out, or that someone waits for, has MIGRATE_SLOW added to its count and ends in
 * migrate_enable_slow().
 */
#pragma once

#include "arch/x86_64/percpu.h"

#define MIGRATE_SLOW 0x80000000u /* of migrate_count: the scheduler wants to know of the end */

DECLARE_PER_CPU(u32, migrate_count); /* sections the current thread is in */
DECLARE_PER_CPU(u64, migrate_site);  /* where the outermost one began */

/* The section that MIGRATE_SLOW was set for has ended.  kernel/place.c */
void migrate_enable_slow(void);

/* It may be switched out before the site is noted, and come back with MIGRATE_SLOW set. */
static ALWAYS_INLINE void migrate_disable(void)
{
	this_cpu_inc(migrate_count);
	if ((migrate_count & ~(MIGRATE_SLOW | 1)) == 0)
		this_cpu_write_here(migrate_site);
	barrier();
}

static ALWAYS_INLINE void migrate_enable(void)
{
	barrier();
	this_cpu_dec(migrate_count);
	if (unlikely(migrate_count == MIGRATE_SLOW))
		migrate_enable_slow();
}
