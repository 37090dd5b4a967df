/* SPDX-License-Identifier: MIT */
/*
 * mm/asid.h - (cpu, asid) slots: which mm's translations a tag of this CPU may hold.
 *
 * Each CPU has up to asids= slots.  Slot n's tag is PCID n + 1; PCID 0 is the neutral
 * PGD's.  A slot serves one ctx_id at a time; it is given to another by its own CPU only,
 * with interrupts off, never while it is loaded, and the first load after that flushes
 * the tag (R5).  Isolated, it has a second tag, n + 1 + 2048, for user mode.  Slot records are
 *never freed: other CPUs may read one while its owner gives it away, and compare ctx_id to see whom
 *it is about.
 *
 * Finding an mm's slot costs the same for any number of slots: mm->bound[cpu] says which
 * it was, and slot.ctx_id whether it still is.  A slot that is taken need not be
 * unhooked from anywhere.  mm->hint[cpu] is the same, unless slots share a PGD that is
 * rewritten at each switch, or switches are traced: then it names a slot that serves nobody, so
 * that none hits.
 *
 * Who may touch a member:
 *	[o] this CPU, interrupts off
 *	[s] written by this CPU, read by others through shared_load()
 */
#pragma once

#include "arch/x86_64/pcid.h"
#include "arch/x86_64/percpu.h"
#include "lib/lock_check.h"
#include "mm/mm.h"

struct slot {
	u64 ctx_id;		  /* [s] whom it serves; 0: nobody yet */
	u64 tlb_gen;		  /* [o] the tag holds nothing older than this generation */
	u64 cr3;		  /* [o] PGD | PCID; PGD 0: it has none */
	u64 user_cr3;		  /* [o] isolated: the same for user mode, and CR3_NOFLUSH unless
				     that tag owes a flush */
	struct mm *mm;		  /* [o] good while the slot is loaded */
	struct entry_set held;	  /* [s] top-level entries below which its tag may hold
				     translations: at least those in its PGD (percpu kernel) */
	u64 referenced;		  /* [o] used since the hand came by */
	struct slot *next;	  /* [o] the ring of slots with a PGD, for the search for a victim;
				     or the list of those without */
	struct mm_counts *counts; /* [o] the mm's for this CPU; good while a hint hits */
	u64 keep_cr3;		  /* [o] what is written to CR3 when a hint hits; good then */
	u64 pad[3];		  /* two cache lines */
};

STATIC_ASSERT(sizeof(struct slot) == 128, "slots are cut from pages");

#define SLOTS_PER_CHUNK	   (u32)(PAGE_SIZE / sizeof(struct slot))
#define ASIDS_MAX	   4094u
#define ASIDS_MAX_ISOLATED 2046u /* half of the tags are user mode's */
#define SLOT_CHUNKS	   ((ASIDS_MAX + SLOTS_PER_CHUNK - 1) / SLOTS_PER_CHUNK)
#define ASIDS_RESERVE	   2u /* slots with a PGD from the CPU's start on: a switch cannot fail */

/* Its number on its CPU: slot n has tag n + 1. */
static inline u32 slot_number(const struct slot *s)
{
	return (u32)(s->cr3 & PCID_MASK) - 1;
}

struct cpu_tlb {
	u64 loading_ctx;      /* [s] the mm being loaded; set before its generation is read */
	u64 loaded_ctx;	      /* [s] the mm CR3 belongs to; 0: neutral.  Set after CR3 */
	struct slot *loaded;  /* [s] its slot; NULL: neutral */
	u64 neutral;	      /* [o] CR3 of the neutral PGD */
	u32 count;	      /* [o] slots with a PGD; others may look */
	u32 records;	      /* [o] slots that were ever made: 0 .. records - 1 */
	struct slot *hand;    /* [o] the last victim: the search goes on behind it */
	struct slot *bare;    /* [o] slots that have given their PGD back */
	struct slot **chunks; /* [s] SLOT_CHUNKS pages, allocated as needed, kept */
};

DECLARE_PER_CPU(struct cpu_tlb, cpu_tlb);

/* asids=, constant after boot. */
extern u32 asids;

/* fill=setup copies what the mm has when a slot is set up; fill=touch copies nothing then. */
enum fill_policy {
	FILL_SETUP,
	FILL_TOUCH,
};
extern enum fill_policy fill_policy;

/*
 * Give @cpu, which does not run yet, or is this one, or waits for orders (kernel/hotplug.c), its
 * slots' reserve.  Needs its neutral root.  0 or -ENOMEM.
 */
int asid_prepare_cpu(u32 cpu) WARN_UNUSED_RESULT;

/*
 * Undo it, on the CPU itself, the neutral PGD loaded: all slots and PGDs are given back, the
 * reserve too.  Their records stay, and serve nobody: others may still read them.  Interrupts
 * off; no switch_mm() before the next asid_prepare_cpu().
 */
void asid_release_cpu(void);

/*
 * The loaded slot's user side is about to be entered: the CR3 for it, which pays what its
 * tag owes.  Interrupts off, until it is loaded.
 */
u64 asid_enter_user(void) REQUIRES(irqs_off);

/* @s's user tag owes a flush: its next load pays.  This CPU's slot, interrupts off. */
static inline void asid_owe_user_flush(struct slot *s)
{
	s->user_cr3 &= ~CR3_NOFLUSH;
}

/* What the hints of a new mm point to: a slot that serves nobody. */
extern struct slot asid_nobody;

/*
 * Bind a slot of this CPU to @mm, which has none.  Cannot fail.  Interrupts off.  Its
 * tlb_gen is 0: it must be loaded with a flush.  May load the neutral PGD (asids=1).
 */
struct slot *asid_bind(struct mm *mm) REQUIRES(irqs_off);

/* Does CPU @cpu have a slot that serves @mm?  Any CPU may ask. */
static inline bool asid_bound(const struct mm *mm, u32 cpu)
{
	return shared_load(&shared_load(&mm->bound[cpu])->ctx_id) == mm->ctx_id;
}

/* The number of that slot, of the moment; ASIDS_MAX: none. */
static inline u32 asid_slot_on(const struct mm *mm, u32 cpu)
{
	const struct slot *s = shared_load(&mm->bound[cpu]);
	u32 n = (u32)(READ_ONCE(s->cr3) & PCID_MASK) - 1;

	return shared_load(&s->ctx_id) == mm->ctx_id && n < ASIDS_MAX ? n : ASIDS_MAX;
}

/*
 * Give back this CPU's PGDs beyond the reserve, and what the policy keeps for mms that are
 * not loaded.  How many pages.  The slot loaded stays as it is.  Interrupts off.
 */
u32 asid_give_back(void) REQUIRES(irqs_off);

/* Would that free a page of @cpu's?  Any CPU may ask, about one with slots; of the moment. */
bool asid_cpu_has_spare(u32 cpu);
