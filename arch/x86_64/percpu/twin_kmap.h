/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/percpu/twin_kmap.h - the window is at one address on every CPU: a mapping stays
 * good when its holder moves, so nothing holds it back.
 */
#pragma once

#include "arch/x86_64/layout.h"
#include "twin_area.h"

#define KMAP_PINS 0u /* migrate-disabled sections that a mapping is */

/* This CPU's window. */
static ALWAYS_INLINE vaddr_t kmap_window(void)
{
	return kmap_base(0);
}

/* Before a mapping's first use of the window, and behind its last. */
static ALWAYS_INLINE void kmap_pin(void)
{
}

static ALWAYS_INLINE void kmap_unpin(void)
{
}
