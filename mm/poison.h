/* SPDX-License-Identifier: MIT */
/*
 * mm/poison.h - patterns in memory that nobody should be using.
 *
 * Debug builds fill freed memory and the gaps between objects with a byte, and check
 * it when the memory is next looked at.  As a pointer each pattern is non-canonical:
 * whoever follows one faults at once.
 */
#pragma once

#include "mm/page.h"

#define POISON_PAGE 0xdf /* a free page */
#define POISON_FREE 0xd5 /* a free object */
#define POISON_NEW  0xa7 /* an allocated object, not yet written to */
#define POISON_RED  0x9e /* the gaps left and right of an object */

/* Fill @bytes at @p with @value. */
void poison_fill(void *p, size_t bytes, u8 value);

/* The first byte in [p, p + bytes) that is not @value; NULL: all are. */
const u8 *poison_find(const void *p, size_t bytes, u8 value);

/* Fill the block, if the direct map has it, and note so in its pages. */
void poison_block(struct page *page, unsigned order);

/* Panic if a poisoned page of the block was written to; its pages are poisoned no longer. */
void poison_check_block(struct page *page, unsigned order);
