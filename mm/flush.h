/* SPDX-License-Identifier: MIT */
/*
 * mm/flush.h - after a change of page tables: nobody uses the old translation.
 */
#pragma once

#include "mm/asid.h"

/* More pages than this are flushed whole. */
#define FLUSH_PAGES_MAX 32u

/* After pti_init(), before the first flush. */
void flush_init(void);

/*
 * The leaves of [start, end) were changed, and if @freed_tables, tables there taken out.
 * On return no CPU can use what was there before (R3, R4).  Under mm->lock, interrupts on.
 */
void flush_range(struct mm *mm, vaddr_t start, vaddr_t end, bool freed_tables);

/* Each CPU that has @mm loaded goes to its neutral PGD.  Under mm->lock, interrupts on. */
void flush_drop_mm(struct mm *mm);

/*
 * May @s, not loaded, go from its generation to @gen without a flush?  True if all the
 * records in between are there and none touches an entry that it holds.
 */
bool flush_can_pass(const struct slot *s, u64 gen);
