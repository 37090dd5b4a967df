/* SPDX-License-Identifier: MIT */
/*
 * mm/totals.h - all counters of an mm, a CPU or the machine, the derived ones included.
 *
 * A CPU's totals have what it did for mms that are dead; an mm's have no neutral loads, which
 * belong to none.  Sums are exact if nothing happens meanwhile.
 */
#pragma once

#include "lib/types.h"

struct mm;

/* hits: loads of a slot that served the mm.  cr3_*: CR3 writes with the no-flush bit, without. */
#define TOTALS(X)                                                                                  \
	X(switches)                                                                                \
	X(hits)                                                                                    \
	X(slots_set_up)                                                                            \
	X(switch_flushes)                                                                          \
	X(ring_passes)                                                                             \
	X(neutral_loads)                                                                           \
	X(cr3_keeps)                                                                               \
	X(cr3_flushes)                                                                             \
	X(entries_copied)                                                                          \
	X(lazy_faults)                                                                             \
	X(flushes)                                                                                 \
	X(ipis_sent)                                                                               \
	X(ipis_skipped)                                                                            \
	X(invlpgs)                                                                                 \
	X(whole_flushes)                                                                           \
	X(page_faults)                                                                             \
	X(cow_copies)                                                                              \
	X(pgds_now)                                                                                \
	X(pgds_peak)

/*
 * pgds_*: PGD pages.  Of the machine, those of the pool (0 in the classic kernel, which has
 * none).  Of a CPU, 0: not known apart.  Of an mm, the CPUs with a slot that serves it, each
 * with a PGD in the percpu kernel with pgd=asid; its peak is how many CPUs ever had one, so
 * not less than there were at once.
 */
struct totals {
#define X(name) u64 name;
	TOTALS(X)
#undef X
};

/* The caller holds a use of @mm.  Takes its lock: interrupts on. */
void mm_totals(struct mm *mm, struct totals *t);

/* @cpu < cpu_count. */
void cpu_totals(u32 cpu, struct totals *t);
void all_totals(struct totals *t);

/*
 * A line for each CPU there is and one for all: "counters: " and a JSON object with "cpu",
 * a number or "all", and the names above.
 */
void totals_print(void);
