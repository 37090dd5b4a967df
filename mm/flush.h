/* SPDX-License-Identifier: MIT */
/*
 * mm/flush.h - after a change of page tables: nobody uses the old translation.
 */
#pragma once

#include "lib/lock_check.h"
#include "mm/asid.h"

/* More INVLPGs than this are a whole flush. */
#define FLUSH_PAGES_MAX 32u

#define FLUSH_WHOLE 0ul /* a stride: tables went, which INVLPG alone does not do for all tags */

/*
 * Each flush is told as if other CPUs were concerned, for who traces or checks.  Set before
 * other CPUs run, or while nothing is flushed.
 */
extern bool flush_tells;

/* After pti_init(), before the first flush. */
void flush_init(void);

/*
 * The leaves of [start, end), none smaller than @stride bytes, were changed: an INVLPG in
 * each @stride reaches them all, since it drops the whole page that it hits, small or
 * large (SDM vol. 3A, 4.10.4.1).  FLUSH_WHOLE: tables there were taken out.
 * On return no CPU can use what was there before (R3, R4).  Under mm->lock, interrupts on.
 */
void flush_range(struct mm *mm, vaddr_t start, vaddr_t end, u64 stride) REQUIRES(mm->lock);

/* Each CPU that has @mm loaded goes to its neutral PGD.  Under mm->lock, interrupts on. */
void flush_drop_mm(struct mm *mm) REQUIRES(mm->lock);

/*
 * May @s, not loaded, go from its generation to @gen without a flush?  True if all the
 * records in between are there and none touches an entry that it holds.
 */
bool flush_can_pass(const struct slot *s, u64 gen);
