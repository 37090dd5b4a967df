/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/ipi.h - run a function on other CPUs: the only way into another CPU's state.
 */
#pragma once

#include "lib/cpumask.h"

/* Runs with interrupts off, in interrupt context (or directly, on the caller's own CPU). */
typedef void (*ipi_fn)(void *arg);

/* CPUs that take IPIs.  A CPU sets its own bit when it is ready. */
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

/* The same for one CPU.  Returns -ENODEV if it is not online. */
int run_on_cpu(u32 cpu, ipi_fn fn, void *arg);
