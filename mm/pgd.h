/* SPDX-License-Identifier: MIT */
/*
 * mm/pgd.h - the page that a slot's CR3 names: the twins' difference, and all of it.
 *
 * percpu/pgd.c: a PGD of the slot's own, whose user entries arrive by copy from the
 * mm's reference.  classic/pgd.c: the mm's reference itself.
 *
 * Isolated, each is a pair (arch/x86_64/pti.h), and "entry" means the entry in both: as
 * it is in the user PGD, and with NX in the kernel PGD.
 */
#pragma once

#include "lib/lock_check.h"
#include "mm/asid.h"

/* Which page a tag's PGD is.  The percpu kernel has all three, the classic one ignores it. */
enum pgd_kind {
	PGD_ASID,  /* one per slot, refilled when the slot is bound */
	PGD_COPY,  /* one per CPU, rewritten at each switch, under the neutral PGD */
	PGD_SPACE, /* one per CPU and mm, kept until the mm dies */
};

struct pgd_policy {
	/* NULL, or: before the first slot of @cpu.  May be called again.  0 or -ENOMEM. */
	int (*prepare_cpu)(u32 cpu);

	/* NULL, or: undo it; this CPU has no slot any more, and the neutral PGD is loaded. */
	void (*release_cpu)(void);

	/* Give @s of @cpu, whose tag is @pcid, a PGD if it needs one of its own.  0 or -ENOMEM. */
	int (*prepare)(u32 cpu, struct slot *s, u32 pcid);

	/* Take @s's own PGD away; how many pages that frees.  It is not loaded. */
	u32 (*release)(struct slot *s);

	/* NULL, or: free what this CPU keeps for mms that are not loaded.  How many pages. */
	u32 (*give_back)(void);

	/*
	 * NULL, or: would asid_give_back() free a page of @cpu's?  Any CPU may ask; of the
	 * moment.
	 */
	bool (*has_spare)(u32 cpu);

	/*
	 * @s, not loaded, serves @mm from now on: make its PGD that mm's, or leave it to
	 * .activate.  May load the neutral PGD.
	 */
	void (*bind)(struct slot *s, struct mm *mm);

	/*
	 * NULL: the PGD of a slot that serves the mm can be loaded as it is.  Else called
	 * under the neutral PGD, just before @s is loaded; @keep: with what its tag holds.
	 */
	void (*activate)(struct slot *s, bool keep);
};

/* Constant after pgd_init(); copied, not pointed to, because a switch looks at it. */
extern struct pgd_policy pgd_policy;

/* pgd=, and its words by enum pgd_kind, those that this kernel has. */
extern enum pgd_kind pgd_kind;
extern const char *const pgd_words[];

/* Do what pgd= says from now on.  Boot CPU, once, before the first slot. */
void pgd_init(void);

/* @mm is new: what the policy keeps per mm.  0 or -ENOMEM. */
int pgd_attach(struct mm *mm) WARN_UNUSED_RESULT;

/* No CPU has @mm loaded, none will load it again: undo pgd_attach() and all since. */
void pgd_forget(struct mm *mm);

/*
 * Copy entry @entry from the reference of the mm that @s, which is loaded, serves.
 * False: there is nothing to copy, or it is there.  Takes no lock.  Interrupts off.
 */
bool pgd_fill(struct slot *s, u32 entry) REQUIRES(irqs_off);

/* May @s's tag hold a translation of [start, end), not empty? */
bool pgd_may_hold(const struct slot *s, vaddr_t start, vaddr_t end);

/* Panic unless the PGD of @s, which is loaded, keeps R1 and R2. */
void pgd_check(const struct slot *s);

/* Do entries arrive in PGDs by copy (percpu), or are they the mm's own (classic)? */
bool pgd_copies_entries(void);

/* A reference with nothing of the user's and what of the kernel it must hold.  NULL: out of memory.
 */
pte_t *pgd_alloc_reference(void) WARN_UNUSED_RESULT;
void pgd_free_reference(pte_t *reference);

/* Entry @entry of @reference, empty, becomes @table, whose contents can be seen before it. */
void pgd_set_reference(pte_t *reference, u32 entry, pte_t table);
