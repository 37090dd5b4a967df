/* SPDX-License-Identifier: MIT */
/*
 * kernel/hotplug.h - CPUs go and come back (docs/hotplug.md).
 *
 * A CPU climbs and descends a ladder of named states, one at a time.  If one fails, it goes
 * back to where it was, by the same steps the other way.
 */
#pragma once

#include "lib/lock_check.h"
#include "lib/types.h"

/*
 * Take CPU @cpu down, or bring it up.  The work is done on another CPU, so the caller may
 * run on @cpu.  May block, for as long as a migrate-disabled thread stays there; @timeout,
 * in ns, 0: none.  Returns 0, or with everything as it was:
 *	-ENODEV		no such CPU; down: it is not up; up: it lacks a feature, or
 *			cpus[cpu].state is CPU_ABSENT: it is not in the machine
 *	-EEXIST		up: it is
 *	-EBUSY		down: it is the last one, or the time is over
 *	-EDEADLK	the caller is in a migrate-disabled section, for whose end it would wait
 *	-ENOMEM		no memory for the thread that does it, or what the CPU needs
 *	-ETIMEDOUT	up: it does not answer
 *	-EIO		hotplug_fail_up, hotplug_fail_down
 */
int cpu_down(u32 cpu, u64 timeout) WARN_UNUSED_RESULT;
int cpu_up(u32 cpu) WARN_UNUSED_RESULT;

/*
 * CPU @cpu has been put into the machine, and may be brought up: 0; -EEXIST: it was there.
 * Or it is to be taken out, and cannot be brought up any more: 0; -EBUSY: it is up.
 * Both may block, and refuse a caller in a migrate-disabled section: -EDEADLK.
 */
int cpu_arrive(u32 cpu) WARN_UNUSED_RESULT;
int cpu_depart(u32 cpu) WARN_UNUSED_RESULT;

/* What the idle thread does with interrupts off and nothing to run: is it to die?  Then die. */
bool cpu_told_to_die(void);

/*
 * Leave.  On the boot CPU, returns when that is back; elsewhere only if the CPU stays after
 * all, since it comes back through its start.  Interrupts off.
 */
void cpu_die(void) REQUIRES(irqs_off);

/* The states from the first that a CPU comes to up to the last; NULL: there are no more. */
const char *hotplug_state_name(u32 n);

/* For tests: the next step up to, or down from, the state of that name fails with -EIO. */
extern const char *hotplug_fail_up, *hotplug_fail_down;
