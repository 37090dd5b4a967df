/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/probe.h - one access that may fault, and which fault it was.
 *
 * Each returns 0 if the access went through, else PROBE_FAULT(vector, error code).
 * An instruction that may fault is listed in .fixups (probe.asm) with the place to
 * go on at; trap.c looks there before it calls a fault a bug.
 */
#pragma once

#include "arch/x86_64/insn.h"
#include "lib/types.h"

#define PROBE_FAULT(vector, error) (0x10000u | (u32)(vector) << 8 | (u32)(error))

u32 probe_read(vaddr_t va);	       /* one byte */
u32 probe_write(vaddr_t va, u8 value); /* one byte */
u32 probe_exec(vaddr_t va);	       /* call it; what is there must return at once */

/* INVPCID: it may fault, the rest is insn.h's. */
u32 probe_invpcid(u64 type, const struct invpcid_descriptor *d);

/* A row of .fixups; addresses relative to each field, so that none needs 64 bits. */
struct fixup {
	s32 fault;
	s32 landing;
};
