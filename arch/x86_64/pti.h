/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/pti.h - page-table isolation: user mode runs on a PGD of its own, which maps
 * the user half and what it takes to enter the kernel, and nothing else.
 *
 *	kernel PGD	page 2n		tag t		all of R1
 *	user PGD	page 2n + 1	tag t + 2048	user half, entry text, entry data,
 *							this CPU's entry area
 *
 * Two neighbouring pages, so that entry code makes one CR3 from the other by two bits,
 * with no memory to look at.  It also means that every table a CPU can have in CR3 while
 * traps use the isolated stubs must be such a pair, the neutral PGD too: bit 12 of CR3
 * tells an NMI which of the two it interrupted.
 *
 * A flush of the user tag is owed, not made: whoever flushes the kernel tag leaves the
 * no-flush bit out of the CR3 value with which the CPU returns to user mode.
 */
#pragma once

#include "arch/x86_64/pcid.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/pte.h"

#define PTI_PGD_BIT   BIT(12) /* of CR3: the pair's second page */
#define PTI_PCID_BIT  BIT(11)
#define PTI_USER_BITS (PTI_PGD_BIT | PTI_PCID_BIT)

enum pti_mode {
	PTI_AUTO, /* where the CPU may leak what user mode cannot read (Meltdown) */
	PTI_ON,
	PTI_OFF,
};

/* Constant after pti_init(). */
extern bool pti_on;

/* Decide.  Boot CPU, once, after cpu_features_detect() and before any table is made. */
void pti_init(enum pti_mode wanted);

/* Let entry code know what pcid_init() decided: may CR3 have the no-flush bit?  Once. */
void pti_init_entry(void);

/* What the memory of a PGD is: a page, or a pair, 2^order pages. */
static inline u32 pti_pgd_order(void)
{
	return pti_on ? 1 : 0;
}

/* The user PGD of the pair whose kernel PGD is @pgd. */
static inline pte_t *pti_user_pgd(pte_t *pgd)
{
	return pgd + PT_ENTRIES;
}

/* What a kernel PGD adds to a user entry: there the kernel never executes. */
static inline pte_t pti_kernel_nx(void)
{
	return pti_on ? pte_nx() : 0;
}

/* The CR3 for user mode that belongs to @cr3 (PGD | PCID), flushing its tag. */
static inline u64 pti_user_cr3_of(u64 cr3)
{
	return cr3 | PTI_USER_BITS;
}

/*
 * What the next return to user mode on this CPU loads, as CR3 takes it.  Set with
 * interrupts off, just before it.
 */
DECLARE_PER_CPU(u64, pti_user_cr3);
