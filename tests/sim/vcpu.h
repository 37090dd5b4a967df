/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/vcpu.h - the inside of the simulated machine, for the files that are it:
 * machine.c, accesses.c, interrupts.c, locks.c, events.c and schedule.c.
 *
 * One CPU runs at a time, so nothing here needs a lock.
 */
#pragma once

#include "arch/x86_64/ipi.h"
#include "lib/rand.h"
#include "lib/types.h"
#include "tests/sim/machine.h"

#define STORES_MAX  12u
#define STACK_BYTES (256 * KIB)

struct store {
	void *p;
	u64 value, saved; /* saved: what memory has while this is taken out */
	u64 operation;
	u32 size;
};

struct vcpu {
	void *sp;
	u64 clock;    /* points it has passed */
	u64 stop_at;  /* the clock at which it gives way */
	u64 op_start; /* the clock when .op began */
	u32 op;	      /* which of its program's operations it is in */
	u32 store_count;
	bool irqs_on, done;
	bool user;	    /* on the user PGD */
	bool serving;	    /* a call of another CPU */
	bool hold;	    /* its stores wait although they could drain (search) */
	const u32 *waiting; /* it has nothing to do until this word is 0; NULL */
	u64 cr3;
	u64 operation;	  /* a change under way; 0: none */
	struct rand dice; /* what the operation draws */
	u32 standing;	  /* turns that it is left standing */
	u32 callers;	  /* CPUs whose call waits for this one */
	ipi_fn call;	  /* this CPU's call to others */
	void *call_arg;
	u32 call_pending;
	sim_fn outside; /* to be done for it outside */
	void *outside_arg;
	char *stack;
	struct store stores[STORES_MAX];
};

extern struct vcpu vcpus[SIM_CPUS_MAX];
extern u32 running; /* SIM_NOBODY: none of them, but the simulator */

/* --- machine.c --- */

/* The running CPU stops; its turn comes again. */
void give_way(void);

/* The running CPU has nothing to do until *@word is 0, but to answer calls. */
void wait_for(const u32 *word);

/* @v begins anew, wherever it stopped. */
void reset_coroutine(struct vcpu *v);

/* Would @v do anything if it ran?  Outside. */
bool can_run(const struct vcpu *v);

/* Run @cpu until it gives way.  Outside. */
void run_cpu(u32 cpu);

/* --- accesses.c --- */

/* Put @v's waiting stores into memory, while it runs, and take them out again. */
void put_stores_in(struct vcpu *v);
void take_stores_out(u32 cpu);

/* The oldest store of @cpu, which does not run, becomes visible. */
void drain_one(u32 cpu);

/* --- interrupts.c --- */

void point_slow(void);
void serve_calls(void);

/* The running CPU answers calls, and gives way if its time has come. */
static inline void point(void)
{
	struct vcpu *v;

	if (running == SIM_NOBODY)
		return;
	v = &vcpus[running];
	sim_steps++;
	if (++v->clock >= v->stop_at || v->callers != 0)
		point_slow();
}

/* --- events.c --- */

/* A schedule begins: none has happened. */
void events_begin(u64 seed);

#define FAILURE_TEXT 400

/* Where the text of a failure goes, besides being printed; NULL. */
extern char (*sim_failure)[FAILURE_TEXT];
