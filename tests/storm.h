/* SPDX-License-Identifier: MIT */
/*
 * tests/storm.h - what many CPUs do at once goes on for a time, not for a number of rounds.
 *
 * An emulator runs many CPUs on few, and CPUs wait for each other: rounds that take a
 * moment on four CPUs take minutes on 64 of a busy host.  So each CPU makes one step, and
 * more while there is time.  The choices of a CPU come from the seed, so that they are the
 * same in each run; how many of them it makes is the host's.
 */
#pragma once

#include "arch/x86_64/percpu.h"
#include "arch/x86_64/time.h"
#include "kernel/options.h"
#include "lib/cpumask.h"
#include "lib/rand.h"
#include "tests/harness.h"

#define STORM_NS	(1 * NS_PER_SEC) /* there are many storms; stress= is for long ones */
#define STORM_UNBOUNDED (~0ul)		 /* steps of a CPU: as many as there is time for */

/* Lies in shared memory: whoever steps counts in its own element. */
struct storm_clock {
	u64 ns;	   /* the time each CPU has, from its first step on */
	u64 bound; /* steps of a CPU that are enough */
	u64 end[MAX_CPUS], steps[MAX_CPUS];
};

/* At most @steps steps on each CPU, and at least one; no more after @ns. */
void storm_clock_start(struct storm_clock *c, u64 ns, u64 steps);

/* The same for a storm: stress= makes it last that long, whatever @steps says. */
void storm_start(struct storm_clock *c, u64 steps);

/* ... one after the other in crowds of CPUs: on_each_cpu_in_crowds(). */
void storm_start_in_crowds(struct storm_clock *c, u64 steps);

/* Is this CPU to make one more step?  Any context but NMI. */
bool storm_step_due(struct storm_clock *c);

/* False: it cannot be, and the test has failed. */
typedef bool storm_round(struct test *t, struct rand *r, void *arg);

/* Rounds by this thread, one after the other, as many as storm_start() allows; each is @round. */
void storm_rounds(struct test *t, u64 rounds, storm_round *round, void *arg);

/* The steps of all CPUs; each of @cpus must have made one, or the test fails. */
u64 storm_steps(struct test *t, const struct storm_clock *c, const struct cpumask *cpus);
