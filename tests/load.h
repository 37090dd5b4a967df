/* SPDX-License-Identifier: MIT */
/*
 * tests/load.h - a gang: a worker on each CPU, all in one address space, who change it, look
 * at each other's pages and call each other, and know what must come of it, whatever else is
 * done to the machine meanwhile.
 *
 *	static struct gang g;
 *	if (gang_make(t, &g)) {
 *		gang_start(&g, step);	step(worker) again and again on each CPU
 *		...
 *		gang_join(&g);
 *	}
 *	gang_end(&g);
 *
 * A worker has two pages of its own.  Each word there is its number and a serial, which only
 * grows; when a page has been unmapped it raises its floor, below which nobody may read a
 * serial any more (R3).
 */
#pragma once

#include "tests/cpus.h"
#include "tests/storm.h"
#include "tests/user_memory.h"

struct gang;

/* In shared memory.  [w]: the worker's own. */
struct worker {
	struct gang *g;
	struct thread *thread;
	u32 number; /* its CPU's */
	struct rand r;
	u64 serial; /* [w] of the last word written */
	u64 floor;  /* [w], read by others through shared_load() */
	u64 rounds; /* [w] of worker_change() */
	u64 value;  /* [w] whatever the test wants */
};

struct gang {
	struct test *t;
	struct mm *mm;
	struct storm_clock clock;
	struct cpumask cpus;
	void (*step)(struct worker *w);
	struct worker *worker[MAX_CPUS]; /* NULL: no such CPU */
};

/* An address space, and a worker for each online CPU.  False: no memory, the test has failed. */
bool gang_make(struct test *t, struct gang *g);

/* Let each begin, in a thread of its own on its own CPU; wait until all have ended. */
void gang_start(struct gang *g, void (*step)(struct worker *w));
void gang_join(struct gang *g);

/* All memory back. */
void gang_end(struct gang *g);

/* Map both pages, write, read, and unmap them one by one. */
void worker_change(struct worker *w);

/* Look at a page of another. */
void worker_look(struct worker *w);

/* Call all CPUs of the gang, none of which may go: each runs it once. */
void worker_call(struct worker *w);

/* Sleep for a moment, and not less. */
void worker_sleep(struct worker *w);

/* A CPU of the gang. */
u32 worker_any_cpu(struct worker *w);
