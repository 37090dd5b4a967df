/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/fake/arch/x86_64/tlb_mailbox.h - nobody listens: the simulator has a TLB of its own.
 */
#pragma once

#include "lib/types.h"

static const bool tlb_mailbox_on;

static inline void tlb_announce_done(void)
{
}

static inline void tlb_announce_free_tables(paddr_t pa, u32 order)
{
	(void)pa;
	(void)order;
}
