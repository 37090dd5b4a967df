/* SPDX-License-Identifier: MIT */
/*
 * tests/cpu_storm.h - what the stormers of cpu_storm.c do, one file for each kind of thing.
 *
 * An act is one thing that a stormer does: some hold something meanwhile, and do others inside
 * of it.  Each is called by the stormer's own thread, which holds no spinlock.
 */
#pragma once

#include "kernel/mutex.h"
#include "kernel/thread.h"
#include "kernel/timer.h"
#include "lib/cpumask.h"
#include "lib/rand.h"
#include "mm/kmap.h"
#include "tests/harness.h"
#include "tests/mm_place.h"

#define STORMERS_MAX 24u /* an emulator runs many CPUs on few */
#define LEVELS	     3u	 /* acts inside each other */
#define HELD_MAX     10u /* mappings of a stormer, two of a copy, ... */
#define IN_IRQ	     4u	 /* ... and these on top of them */
#define CHILDREN_MAX 6u	 /* threads at a time */

STATIC_ASSERT(HELD_MAX + 2 + IN_IRQ <= KMAP_DEPTH, "mappings for all");

struct stormer {
	struct thread *thread;
	struct rand r;
	u32 number;
	u32 mutexes; /* those of lower ranks may be held */
	u32 held;    /* mappings */
	u64 *p[HELD_MAX];
	struct page *page[HELD_MAX]; /* each with a number of its own */
	struct page *source, *copy;
	struct completion bell;
	u64 rung, heard; /* by it for others; for it */
	struct timer timer;
	u64 expired; /* atomic */
	u64 steps, sections, moves;
};

/* The storm of which all are part: there is one at a time. */
struct cpu_storm {
	struct test *t;
	u32 n;
	bool calm, over; /* meddlers and operator are to end; and the stormers */
	struct cpumask cpus;
	struct page *page;   /* for interrupts */
	u32 children, forks; /* atomic */
	struct mutex mutex[4];
	struct mm_place place[4];
	struct stormer *stormer[STORMERS_MAX];
	u64 downs, busy; /* the operator's */
};

extern struct cpu_storm storm;

typedef void (*act_fn)(struct stormer *w, u32 level);

/* Whatever comes inside of what @w holds at @level. */
void act_inside(struct stormer *w, u32 level);

/* Is there room for one more, of @most?  Then it is to leave(). */
static inline bool enter(u32 *n, u32 most)
{
	if (__atomic_fetch_add(n, 1, __ATOMIC_RELAXED) < most)
		return true;
	__atomic_fetch_sub(n, 1, __ATOMIC_RELAXED);
	return false;
}

static inline void leave(u32 *n)
{
	__atomic_fetch_sub(n, 1, __ATOMIC_RELAXED);
}

/* --- cpu_storm_pages.c: pages, each with a number of its own, in mappings of the stormer --- */

/* What word @i of page @page of stormer @number holds. */
u64 storm_word(u32 number, u32 page, u64 i);

/* Page @n of stormer @number; NULL: no memory. */
struct page *storm_page(u32 number, u32 n);

void check_held(struct stormer *w);

void act_map(struct stormer *w, u32 level);
void act_copy(struct stormer *w, u32 level);

/* --- cpu_storm_spaces.c: address spaces, with pages of the stormer's own in them ----------- */

void act_in_space(struct stormer *w, u32 level);
void act_renew_space(struct stormer *w, u32 level);

/* --- cpu_storm_threads.c: what threads do, and do with each other --------------------------- */

/* The stormer's own objects; it has not started. */
void stormer_init(struct stormer *w);

void act_pass_time(struct stormer *w, u32 level);
void act_section(struct stormer *w, u32 level);
void act_lock(struct stormer *w, u32 level);
void act_timer(struct stormer *w, u32 level);
void act_ring(struct stormer *w, u32 level);
void act_listen(struct stormer *w, u32 level);
void act_child(struct stormer *w, u32 level);

/* --- cpu_storm_cpus.c: CPUs that threads are moved to, that are called, that go ------------- */

/* One of the storm's CPUs, online or not. */
u32 some_storm_cpu(struct rand *r);

void act_move(struct stormer *w, u32 level);
void act_call(struct stormer *w, u32 level);

/* Threads, of which each has a struct rand of its own as its argument; until it is calm. */
int be_meddler(void *arg);
int be_operator(void *arg);
