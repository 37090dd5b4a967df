/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/tlb_mailbox.h - what a TLB checker outside of the machine is told
 * (docs/tlbcheck.md): each load of CR3, each invalidation, each page fault, by one store
 * to a page that each CPU has for it.
 *
 * With tlbcheck=off this costs nothing.  The instructions in question are places of five
 * bytes, which the table .tlb_sites lists; tlbcheck=on makes each a call of a function that
 * executes the instruction, tells, and keeps all registers (tlb_mailbox.asm).  They may be
 * anywhere, on any stack and on a user PGD.
 *
 * The checker stands in for a CPU with PCID and INVPCID: CR3 has its tag and its no-flush
 * bit in the kernel, what is told has them too, and the CPU, which has no PCID, does not
 * see the latter.  INVPCID is told and not executed.  With pcid=off there is neither.
 */
#pragma once

#include "lib/types.h"

struct trapframe;

/* Offsets in the page: the magic word, without which nothing is listened to, and before it how
 * many levels of tables the CPU walks. */
#define TLB_MAIL_MAGIC	0
#define TLB_MAIL_LEVELS 8
#define TLB_MAGIC	0x4b43454843424c54ul /* "TLBCHECK" */

/* What is told, by a store of eight bytes at TLB_MAIL_AT(one of these). */
enum tlb_mail {
	TLB_MAIL_SWITCH,    /* CR3 as written, with tag and no-flush bit */
	TLB_MAIL_PAGE,	    /* INVLPG: address */
	TLB_MAIL_TAG_PAGE,  /* INVPCID: address of the page | tag */
	TLB_MAIL_TAG,	    /* INVPCID: tag */
	TLB_MAIL_ALL,	    /* everything, global entries too */
	TLB_MAIL_ALL_LOCAL, /* everything but global entries */
	TLB_MAIL_FAULT,	    /* address of the page | error code */
	TLB_MAIL_FRAME,	    /* physical address of a page that is freed, and was a table */
	TLB_MAIL_DONE,	    /* what this CPU took out of tables before is in no TLB any more */
	TLB_MAIL_MARK,	    /* address of a workload's name, which this CPU begins; 0: ends */
};

#define TLB_MAIL_AT(what) (0x100 + 8 * (what))

#define TLB_SITE_BYTES 5

/* @insn, of TLB_SITE_BYTES, which becomes a call of @function. */
#define TLB_SITE(insn, function)                                                                   \
	"991: " insn "\n"                                                                          \
	".pushsection .tlb_sites, \"a\"\n"                                                         \
	".long 991b - ., " function " - .\n"                                                       \
	".popsection"

#define TLB_NOP ".byte 0x0f, 0x1f, 0x44, 0, 0" /* NOP, of five bytes */

/* tlbcheck=on.  Constant after the command line is parsed. */
extern bool tlb_mailbox_on;

/*
 * From here on tags are told, and this CPU tells.  Boot CPU, once, with its area loaded,
 * interrupts off and no other CPU running.
 */
void tlb_mailbox_start(void);

/* This CPU tells from here on, or no longer.  Interrupts off, TLB flushed, area loaded. */
void tlb_mailbox_arm(void);
void tlb_mailbox_disarm(void);

/* The address of a page fault. */
static inline vaddr_t tlb_fault_address(const struct trapframe *f)
{
	vaddr_t va;

	__asm__ volatile(TLB_SITE("ds; ds; mov %%cr2, %%rax", "tlb_mailbox_fault")
			 : "=a"(va)
			 : "D"(f)
			 : "memory");
	return va;
}

/* Everything that this CPU's TLB held was dropped. */
static inline void tlb_announce_everything(void)
{
	__asm__ volatile(TLB_SITE(TLB_NOP, "tlb_mailbox_everything")::: "memory");
}

/* Whatever this CPU changed in tables has been flushed wherever it must be (R3). */
static inline void tlb_announce_done(void)
{
	__asm__ volatile(TLB_SITE(TLB_NOP, "tlb_mailbox_done")::: "memory");
}

/* What this CPU does from here on is the workload @name; NULL: it is none. */
static ALWAYS_INLINE void tlb_announce_mark(const char *name)
{
	__asm__ volatile(TLB_SITE(TLB_NOP, "tlb_mailbox_mark")::"a"(name) : "memory");
}

/* The tables in 2^@order pages at @pa are about to be freed (R4). */
static inline void tlb_announce_free_tables(paddr_t pa, u32 order)
{
	for (u32 i = 0; i < 1u << order; i++)
		__asm__ volatile(TLB_SITE(TLB_NOP, "tlb_mailbox_frame")::"a"(pa + i * PAGE_SIZE)
				 : "memory");
}
