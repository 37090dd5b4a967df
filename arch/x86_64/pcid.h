/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/pcid.h - the TLB of the CPU that runs this, by tags (SDM vol. 3A, 4.10).
 *
 *	on	the CPU tags entries with CR3's low twelve bits, and keeps a tag's
 *		entries when CR3 is written with the no-flush bit
 *	soft	the kernel does all of that; the CPU, which has no PCID, sees CR3 without
 *		the tag and the bit, and merely flushes more than it was asked to
 *	off	no tags: each load flushes
 *
 * Instructions, no policy: who flushes what and when is mm/'s.
 */
#pragma once

#include "arch/x86_64/cpuid.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/tlb_mailbox.h"
#include "lib/types.h"

#define CR3_NOFLUSH BIT(63)
#define PCID_MASK   0xffful
#define PCID_MAX    4095u
#define PCID_NONE   0u /* the neutral PGD's: always loaded with a flush */

enum pcid_mode {
	PCID_AUTO, /* the command line's: on where the CPU can, else soft */
	PCID_ON,
	PCID_SOFT,
	PCID_OFF,
};

/* How another tag than the loaded one is flushed. */
enum tlb_reach {
	TLB_REACH_NONE, /* nothing to flush: each load of a table drops what others left */
	TLB_REACH_NOW,	/* by INVPCID, the CPU's or told to the checker that stands in for it */
	TLB_REACH_LOAD, /* when it is next loaded: PCID without INVPCID */
};

/* Constant after pcid_init(), and tlb_mailbox_start() where there is a checker. */
extern enum pcid_mode pcid_mode;
extern u64 cr3_mask; /* what of a tagged CR3 value is written */
extern enum tlb_reach tlb_reach;

/*
 * Choose the mode.  Returns NULL, or why @wanted cannot be had (then it is "soft").
 * Boot CPU, once, before pcid_enable().
 */
const char *pcid_init(enum pcid_mode wanted);

/* Turn CR4.PCIDE on where the mode says so.  Each CPU, with CR3's low bits 0. */
void pcid_enable(void);

const char *pcid_mode_name(void);

/* What tlb_load_keep() writes for @cr3, and to write that again. */
static inline u64 tlb_keep_value(u64 cr3)
{
	return (cr3 | CR3_NOFLUSH) & cr3_mask;
}

static inline void tlb_load_value(u64 value)
{
	write_cr3(value);
}

/* Load the table at @cr3 & ~PCID_MASK under the tag @cr3 & PCID_MASK; keep that tag's entries. */
static inline void tlb_load_keep(u64 cr3)
{
	write_cr3(tlb_keep_value(cr3));
}

/* The same, dropping what the tag had, global entries aside. */
static inline void tlb_load_flush(u64 cr3)
{
	write_cr3(cr3 & cr3_mask);
}

/* What the CPU has loaded, without the no-flush bit, which reads as 0. */
static inline u64 tlb_loaded(void)
{
	return read_cr3();
}

/* Drop one page of the loaded tag, and global entries of that page. */
static inline void tlb_local_page(vaddr_t va)
{
	invlpg(va);
}

/*
 * Drop what another tag than the loaded one has: one page, or all, global entries aside
 * (INVLPG and a CR3 write cannot reach it).  False: this CPU has PCID but not INVPCID, and
 * the caller must see to it that the tag is next loaded with a flush.  Without tags there
 * is nothing to drop: each load of a table drops what others left.
 */
static inline bool tlb_other_tag_page(u32 pcid, vaddr_t va)
{
	if (tlb_reach == TLB_REACH_NOW)
		invpcid(INVPCID_ADDRESS, pcid, va);
	return tlb_reach != TLB_REACH_LOAD;
}

static inline bool tlb_other_tag(u32 pcid)
{
	if (tlb_reach == TLB_REACH_NOW)
		invpcid(INVPCID_TAG, pcid, 0);
	return tlb_reach != TLB_REACH_LOAD;
}

/* Do tags keep anything from one load to the next, as far as the kernel is concerned? */
static inline bool tlb_has_tags(void)
{
	return pcid_mode != PCID_OFF;
}

/* Drop everything, of all tags, global entries too. */
void tlb_local_everything(void);
