/* SPDX-License-Identifier: MIT */
/*
 * lib/memranges.h - the memory map that boot/handoff.h promises, from the pieces that
 * firmware names: unsorted, overlapping and at any byte.
 *
 * A made list is sorted by start; its ranges are page-aligned, not empty, do not
 * overlap, and neighbours that touch differ in type.  Pure; any context.
 */
#pragma once

#include "boot/handoff.h"
#include "lib/types.h"

/*
 * Make a list of at most @max ranges in @out from the @n pieces of @raw.  Each usable
 * piece is shrunk to whole pages and each other one grown; where pieces overlap the
 * stronger type holds: RESERVED, ACPI, RESULTS, ARCHIVE, KERNEL, LOADER, USABLE.  Unknown types
 * count as RESERVED; pieces whose end is not above their start are ignored.  The
 * last page of the 64-bit space is never listed.  Takes time of @n squared.
 * Returns the number of ranges, or -ENOSPC; @out is then the part that fitted.
 */
int memranges_build(const struct handoff_range *raw, size_t n, struct handoff_range *out,
		    size_t max);

/*
 * Make [@start, @end) of type @type in a made list of *@count ranges, whatever it was
 * before, gaps included.  Rounded to pages as above; nothing happens if that leaves
 * nothing.  Returns 0 or, with the list unchanged, -ENOSPC if it would exceed @max.
 */
int memranges_carve(struct handoff_range *ranges, size_t *count, size_t max, u64 start, u64 end,
		    enum mem_type type);
