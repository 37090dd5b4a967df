/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/ipi.h - run a function on other CPUs: the only way into another CPU's state.
 */
#pragma once

#include "lib/cpumask.h"
#include "lib/lock_check.h"

/* Runs with interrupts off, in interrupt context (or directly, on the caller's own CPU). */
typedef void (*ipi_fn)(void *arg);

/* CPUs that take calls.  A CPU sets its own bit when it is ready, and clears it when it leaves. */
extern struct cpumask cpus_online;

/* Set the vector's handler up.  Once, on the boot CPU. */
void ipi_init(void);

/*
 * Run @fn(@arg) on each online CPU of @mask and return when all have finished.  All are
 * told first, then waited for together; the caller's own runs in between.  @arg must be
 * an address that means the same on every CPU (debug builds refuse others).
 *
 * Interrupts on, outside interrupt context, no spinlock held but an mm's: the CPU that
 * waits must be able to serve another that waits for it.
 */
void run_on_cpus(const struct cpumask *mask, ipi_fn fn, void *arg);

/* The same for one CPU.  Returns -ENODEV, and @fn has not run, if it is not online. */
int run_on_cpu(u32 cpu, ipi_fn fn, void *arg);

/*
 * This CPU takes calls from now on; from now on callers leave it out.  ipi_leave(): the
 * neutral PGD is loaded; then ipi_serve() until somebody else's ipi_wait_for_callers() has
 * returned, and once more.  Interrupts off.
 */
void ipi_join(void);
void ipi_leave(void);

/* Run the calls that wait for this CPU.  Interrupts off. */
void ipi_serve(void) REQUIRES(irqs_off);

/* Whoever saw a CPU in cpus_online that has left has told it what he wants.  As run_on_cpus(). */
void ipi_wait_for_callers(void);
