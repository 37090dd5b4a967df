/* SPDX-License-Identifier: MIT */
/*
 * mm/tlb_check.h - what must hold on each CPU at any moment with interrupts off.
 */
#pragma once

#include "lib/assert.h"
#include "mm/asid.h"

/*
 * Debug builds: panic unless CR3 is the loaded slot's (or the neutral one), that slot
 * serves the mm that is said to be loaded, and its PGD is as the twin wants it
 * (pgd_check()).  Elsewhere nothing.
 */
void tlb_check_now(void);

static inline void tlb_check(void)
{
	if (CONFIG_DEBUG)
		tlb_check_now();
}
