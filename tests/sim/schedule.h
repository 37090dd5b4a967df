/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/schedule.h - who runs next, when a store becomes visible, and when a TLB
 * speculates.
 *
 * What the scheduler does between two stretches of a CPU's running are *decisions*: drain a
 * store, fill a TLB, run a CPU.  A decision is known by its place: the CPU that ran last, the
 * operation it was in, and its clock since that began.  So a recorded schedule can be run
 * again with decisions and whole operations left out, and the others keep their places.
 */
#pragma once

#include "lib/types.h"
#include "tests/sim/machine.h"

enum schedule_kind {
	SCHEDULE_RANDOM,
	SCHEDULE_PRIORITY, /* PCT */
	SCHEDULE_REPLAY,
	SCHEDULE_SEARCH,
};

enum decision_kind {
	DECIDE_RUN,
	DECIDE_DRAIN,
	DECIDE_FILL,
};

struct decision {
	u32 after; /* this CPU gave way; SIM_CPUS_MAX: a phase began */
	u32 op;	   /* in this operation; the phase */
	u64 clock;
	u32 cpu;     /* whom it concerns */
	u32 address; /* of a fill */
	u64 dice;    /* of a fill */
	enum decision_kind kind;
	bool dropped;
};

#define DECISIONS_MAX 400000u

/* In memory that a process and its children share. */
struct recording {
	u32 operations; /* of each CPU in that schedule */
	u32 count;	/* more than DECISIONS_MAX: it did not fit */
	struct decision decisions[DECISIONS_MAX];
};

struct schedule_options {
	enum schedule_kind kind;
	u32 depth;		   /* SCHEDULE_PRIORITY: changes in a window; 0: from the seed */
	struct recording *record;  /* write decisions there; NULL */
	struct recording *replay;  /* SCHEDULE_REPLAY: those that are not dropped */
	bool stores_drain_at_once; /* SCHEDULE_REPLAY */
};
extern struct schedule_options schedule_options;

/* A schedule begins, and a phase of it: a program on each CPU. */
void schedule_begin(u64 seed);
void schedule_phase(u32 phase);

/* Make decisions until a CPU has run. */
void schedule_turn(void);

/* The running CPU begins an operation. */
void schedule_operation(void);

/* Something has happened that may let another CPU go on: a priority may be higher. */
void schedule_look(void);

/* The running CPU has a new store in its buffer.  Does it drain at once? */
bool schedule_store(void);

/* --- for search.c ----------------------------------------------------------------------- */

/* Who ran last; SIM_CPUS_MAX: nobody in this phase. */
u32 schedule_last(void);
void schedule_run(u32 cpu, u64 stop_at);
void schedule_drain(u32 cpu);
/* Nobody can run: a store drains, or the schedule fails. */
void schedule_force(void);
