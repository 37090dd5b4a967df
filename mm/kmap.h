/* SPDX-License-Identifier: MIT */
/*
 * mm/kmap.h - kmap_local: a page in this CPU's window, for a moment.
 *
 * Mappings nest like a stack: the last one made is the first one dropped.  No other CPU's
 * tables ever hold one, so making and dropping it is a PTE write and an INVLPG, and never
 * an IPI (R6).  Preemption is off from the first mapping to the last drop.
 *
 * Interrupts may map too: they find the stack as they found it.  NMI and #MC may not.
 */
#pragma once

#include "mm/page.h"

#define KMAP_DEPTH 16u

/* @page at an address that is good on this CPU until it is dropped. */
void *kmap_local_page(struct page *page) WARN_UNUSED_RESULT;

/* Drop the last mapping, which must be the one at @address. */
void kunmap_local(const void *address);

/*
 * Another table was loaded under live mappings: its tag may hold older ones of their
 * addresses.  Interrupts off.
 */
void kmap_renew(void);

/* Give @cpu its window's page table.  Its neutral root exists.  0 or -ENOMEM. */
int kmap_prepare_cpu(u32 cpu) WARN_UNUSED_RESULT;

/* How many mappings this CPU has at the moment. */
u32 kmap_depth_now(void);
