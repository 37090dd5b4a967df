/* SPDX-License-Identifier: MIT */
/*
 * tests/host/fake/arch/x86_64/tlb_mailbox.h - nobody listens.
 */
#pragma once

#include "lib/types.h"

#define TLB_SITE(insn, function) insn

static const bool tlb_mailbox_on;

static inline void tlb_announce_done(void)
{
}

static inline void tlb_announce_free_tables(paddr_t pa, u32 order)
{
	(void)pa;
	(void)order;
}
