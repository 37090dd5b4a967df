/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/classic/twin_kmap.h - each CPU's window has an address of its own: a mapping is
 * good on the CPU that made it, so its holder stays there.
 */
#pragma once

#include "arch/x86_64/migrate.h"
#include "twin_area.h"

#define KMAP_PINS 1u /* migrate-disabled sections that a mapping is */

/* This CPU's window; the caller cannot move. */
static ALWAYS_INLINE vaddr_t kmap_window(void)
{
	return kmap_base(cpu_id);
}

/* Before a mapping's first use of the window, and behind its last. */
static ALWAYS_INLINE void kmap_pin(void)
{
	migrate_disable();
}

static ALWAYS_INLINE void kmap_unpin(void)
{
	migrate_enable();
}
