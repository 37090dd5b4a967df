/* SPDX-License-Identifier: MIT */
/*
 * mm/mm_counts.h - what happened to one mm.  Both parts end with it.
 *
 * What a CPU does for an mm, it counts with interrupts off in an element of its own, so that
 * a switch needs no lock for it; slot.counts points to the element of the mm that the slot
 * serves.  The counts are not the slot's own, because a slot is given away when its old mm
 * may be dead, and there is nobody to hand them over to.  What happens under mm->lock is
 * counted in the mm.
 */
#pragma once

#include "lib/assert.h"
#include "lib/types.h"

/* [o] One CPU's for one mm: a plain increment each, read by others through shared_load(). */
struct mm_counts {
	u64 current_hits; /* loads of a slot that served the mm and did not lag */
	u64 ring_passes;
	u64 switch_flushes;
	u64 slots_set_up;
	u64 set_up_copies; /* entries copied when a slot was set up; the others are lazy_faults */
	u64 lazy_faults;
	u64 invlpgs;
	u64 whole_flushes;
};

STATIC_ASSERT(sizeof(struct mm_counts) == 64, "a CPU's counts fill a cache line of their own");

/* [l] One mm's, all CPUs together.  Flushes are not in it: tlb_gen counts them. */
struct mm_events {
	u64 ipis_sent;
	u64 ipis_skipped;
	u64 page_faults;
	u64 cow_copies;
};

/* 0 everywhere, for each CPU there is.  NULL: out of memory.  kfree() ends it. */
struct mm_counts *mm_counts_alloc(void) WARN_UNUSED_RESULT;
