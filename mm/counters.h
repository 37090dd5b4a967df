/* SPDX-License-Identifier: MIT */
/*
 * mm/counters.h - what happened, counted per CPU where it happens.
 *
 * The list is the documentation: a name, and what one count means.  mm/mm_counts.h counts
 * per mm, mm/totals.h adds up, and derives what need not be counted.
 */
#pragma once

#include "arch/x86_64/percpu.h"
#include "lib/types.h"

#define EVENTS(X)                                                                                  \
	X(SWITCHES, "switches", "another mm was loaded")                                           \
	X(SLOTS_SET_UP, "slots_set_up", "a slot was bound to an mm")                               \
	X(SWITCH_FLUSHES, "switch_flushes", "a slot that served the mm lagged, its tag flushed")   \
	X(RING_PASSES, "ring_passes", "a lagging slot passed its records without a flush")         \
	X(NEUTRAL_LOADS, "neutral_loads", "the neutral PGD was loaded")                            \
	X(ENTRIES_COPIED, "entries_copied", "a top-level entry was copied into a PGD")             \
	X(LAZY_FAULTS, "lazy_faults", "a fault was resolved by such a copy alone")                 \
	X(FLUSHES, "flushes", "a change raised a generation")                                      \
	X(IPIS_SENT, "ipis_sent", "a CPU was told to flush")                                       \
	X(IPIS_SKIPPED, "ipis_skipped", "a CPU had the mm loaded, but not the entry")              \
	X(INVLPGS, "invlpgs", "one page was flushed")                                              \
	X(WHOLE_FLUSHES, "whole_flushes", "the loaded tag was flushed whole")                      \
	X(PAGE_FAULTS, "page_faults", "a fault was resolved from the regions")                     \
	X(COW_COPIES, "cow_copies", "a shared page was copied for a writer")                       \
	X(GIVE_BACKS, "give_backs", "a CPU gave back what it keeps, for a failing allocation")

enum event {
#define X(id, name, what) id,
	EVENTS(X)
#undef X
		EVENT_COUNT
};

DECLARE_PER_CPU(u64, event_counts[EVENT_COUNT]);

#define count_events(event, n) this_cpu_add(event_counts[event], n)
#define count_event(event)     count_events(event, 1)

/* One event over all CPUs that exist. */
u64 event_total(enum event event);

/* Pages of slot records, which are never given back. */
void count_slot_page(void);
u64 slot_pages(void);

/* PGD pages of the pool: now, and the most there ever were. */
void count_pgd_page(int change);
u64 pgd_pages_now(void);
u64 pgd_pages_peak(void);
