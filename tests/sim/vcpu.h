/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/vcpu.h - the inside of the simulated machine, for the files that are it:
 * machine.c, accesses.c, interrupts.c, locks.c and events.c.
 *
 * One CPU runs at a time, so nothing here needs a lock.
 */
#pragma once

#include "arch/x86_64/ipi.h"
#include "lib/types.h"
#include "tests/sim/machine.h"

#define STORES_MAX 12u

struct store {
	void *p;
	u64 value, saved; /* saved: what memory has while this is taken out */
	u64 operation;
	u32 size;
};

struct vcpu {
	void *sp;
	struct store stores[STORES_MAX];
	u32 store_count;
	bool irqs_on, done;
	bool user; /* on the user PGD */
	u64 cr3;
	u64 operation; /* under way; 0: none */
	u32 standing;  /* turns that it is left standing */
	u32 callers;   /* CPUs whose call waits for this one */
	ipi_fn call;   /* this CPU's call to others */
	void *call_arg;
	u32 call_pending;
	sim_fn outside; /* to be done for it outside */
	void *outside_arg;
	char *stack;
};

extern struct vcpu vcpus[SIM_CPUS_MAX];
extern u32 running; /* SIM_NOBODY: none of them, but the simulator */

/* --- machine.c --- */

/* The running CPU stops; its turn comes again. */
void give_way(void);

/* --- accesses.c --- */

/* Put @v's waiting stores into memory, while it runs, and take them out again. */
void put_stores_in(struct vcpu *v);
void take_stores_out(u32 cpu);

/* The oldest store of @cpu, which does not run, becomes visible. */
void drain_one(u32 cpu);

/* --- interrupts.c --- */

/* The running CPU answers calls, and gives way: @surely, or now and then. */
void point(bool surely);

/* --- events.c --- */

/* A schedule begins: none has happened. */
void events_begin(u64 seed);
