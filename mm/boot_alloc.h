/* SPDX-License-Identifier: MIT */
/*
 * mm/boot_alloc.h - memory before there is a page allocator.
 *
 * The boot CPU takes whole pages from the loader's MEM_USABLE ranges, from the top
 * of what lies below 4 GiB downwards, because that is what the loader has mapped.
 * Nothing is given back.  When the page allocator is ready it is given the rest, and
 * boot_alloc() is closed for good.
 *
 * The first MiB is neither handed out nor left over: application processors start there.
 *
 * Context: the boot CPU alone, before the other CPUs start.
 */
#pragma once

#include "boot/handoff.h"
#include "lib/types.h"

#define BOOT_ALLOC_MIN (1 * MIB)
#define BOOT_ALLOC_MAX (4 * GIB)

/* First call.  @handoff is read now and not kept. */
void boot_alloc_init(const struct handoff *handoff);

/*
 * The physical address of @bytes (rounded up to pages) of zeroed memory, aligned to
 * @align (a power of two; less than a page means a page).  0: there is no such piece.
 */
paddr_t boot_alloc(u64 bytes, u64 align) WARN_UNUSED_RESULT;

/* The bytes handed out so far. */
u64 boot_alloc_taken(void);

/* From here on boot_alloc() panics, so that what is left over stays so. */
void boot_alloc_close(void);

/*
 * What is left, piece by piece, ascending; above 4 GiB too.  Start with *cursor = 0;
 * false: no more.  Valid while nothing is taken, so normally after boot_alloc_close().
 */
bool boot_alloc_next_free(u32 *cursor, paddr_t *start, paddr_t *end);
