/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/machine.h - simulated CPUs that share memory as x86 does (TSO).
 *
 * Each CPU is a coroutine; one of them runs at a time, and another may run at each access
 * of a shared word.  A CPU's stores to such words wait in its store buffer.  While a CPU
 * runs, its waiting stores are in memory, so that its own plain loads see them; while it
 * does not, they are taken out again.  What is drained stays.  A plain store is visible to
 * all at once: shared words must be accessed by the arch headers' operations.
 */
#pragma once

#include "lib/types.h"

/* --- for the fake arch headers ----------------------------------------------------- */

/* Others may run here; returns @p. */
void *sim_load_point(const volatile void *p);
/* The same, and this CPU's store buffer is empty then. */
void *sim_locked_point(const volatile void *p);
void sim_store(volatile void *p, const void *value, u32 size);
/* Exchange @size bytes at @p and *@value. */
void sim_xchg(volatile void *p, void *value, u32 size);
bool sim_irqs_on(void);
void sim_set_irqs(bool on);
void sim_write_cr3(u64 value);
void sim_invlpg(vaddr_t va);
void sim_invpcid(u32 type, u64 pcid, vaddr_t va);
/* Which CPU runs; SIM_NOBODY outside. */
u32 sim_running(void);
u64 sim_cr3(u32 cpu);

/* --- for the simulator ----------------------------------------------------------------- */

#define SIM_CPUS_MAX 4u
#define SIM_NOBODY   ~0u
#define SIM_OPS_MAX  1024u /* operations of a CPU in a schedule */

/* What TLBs read for addresses that programs use, besides what chance makes them read. */
enum greed {
	GREED_NONE,
	GREED_LAST, /* all that an entry gives, just before it is taken away */
	GREED_ALL,  /* and all that a root gives, before it is left */
};

struct sim_options {
	u32 cpus;
	u32 operations; /* of each CPU in a schedule */
	bool large;	/* programs use 2 MiB pages too */
	bool steady;	/* address spaces are not renewed: rings of records wrap */
	enum greed greed;
	bool late;		     /* a call may be served some accesses after it came */
	bool trace;		     /* print each event as it happens */
	bool quiet;		     /* a failure prints nothing */
	const char *scenario;	     /* what is searched, and a space; NULL: random programs */
	void (*each_turn)(void);     /* outside; NULL */
	bool (*when_all_wait)(void); /* may something happen after all?  NULL */
	bool *dropped;		     /* [cpu * SIM_OPS_MAX + operation]: left out; NULL: none */
};
extern struct sim_options sim_options;

typedef void (*sim_fn)(void *arg);

/* Reserve memory and make the CPUs.  Once. */
void sim_machine_init(void);

/* Begin a schedule: empty memory, fresh CPUs on their neutral PGDs. */
void sim_machine_reset(u64 seed);

/* Run @program on each CPU until all have returned from it: phase @phase of the schedule. */
void sim_machine_run(void (*program)(u32 cpu), u32 phase);

/*
 * The running CPU begins operation @op of its program: what it draws from here on depends on
 * the seed, the CPU and @op alone.  False: it is to be left out.
 */
bool sim_begin_op(u32 op);

/* Stop the CPU that runs, and do @fn where no store buffer is in memory. */
void sim_outside(sim_fn fn, void *arg);

/*
 * The running CPU goes to user mode and comes back, as entry code does it with isolation:
 * by CR3.  Interrupts off.  An IPI that finds it there does the same around its handler.
 */
void sim_enter_user(void);
void sim_leave_user(void);
bool sim_in_user(void);

/* The running CPU drains its stores, as it does at the end of an interrupt. */
void sim_drain(void);

/*
 * A random number below @n: of the operation that the running CPU is in, outside of the
 * decision that is being made.
 */
u32 sim_random(u32 n);
static inline bool sim_chance(u32 one_in)
{
	return sim_random(one_in) == 0;
}

/* What is drawn outside from here on comes from @seed. */
void sim_seed_outside(u64 seed);

/*
 * The running CPU begins a change of address spaces, or ends it: from then on what it took
 * away must not be usable (R3).  Translations know which operation made them stale.
 */
void sim_operation_begin(void);
void sim_operation_end(void);
/* Is @operation, of any CPU, under way? */
bool sim_operation_runs(u64 operation);

/* Does a store of @cpu's to @p wait?  Its walker may read that. */
bool sim_waiting_store(u32 cpu, const u64 *p, u64 *value);

/* An event, kept for the trace of a failure.  @fmt is kept and takes up to four u64. */
void sim_trace(const char *fmt, u64 a, u64 b, u64 c, u64 d);

/* Print the failure, the seed and the last events, and end with status 1. */
NORETURN void sim_fail(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Statistics of all schedules so far. */
extern u64 sim_steps;
