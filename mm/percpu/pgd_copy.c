/* SPDX-License-Identifier: MIT */
/*
 * mm/percpu/pgd_copy.c - pgd=copy: one PGD per CPU, whose user half is rewritten at each
 * switch, as kernels did that had a top level per CPU and no tags.
 *
 * A slot is a tag.  The page is written under the neutral PGD only, but for lazy copies.
 * What a tag holds outlives what the page holds: slot.held says below which entries
 * translations may have come since the tag was last flushed, and is what shooters and the
 * ring of records look at.  Of the slot that the page was last written for it covers what
 * the page has, so there is no second account to keep.
 */
#include "lib/assert.h"
#include "lib/err.h"
#include "mm/percpu/policy.h"

struct cpu_pgd {
	pte_t *pgd;
	struct slot *owner;	/* whom the page was last written for; NULL: a slot given away */
	struct entry_set dirty; /* owner NULL: the page has no other entries than these */
};

static DEFINE_PER_CPU(struct cpu_pgd, cpu_pgd);

int pgd_copy_prepare_cpu(u32 cpu)
{
	struct cpu_pgd *p = per_cpu_ptr(&cpu_pgd, cpu);

	if (p->pgd == NULL)
		p->pgd = pgd_alloc(cpu);
	return p->pgd != NULL ? 0 : -ENOMEM;
}

void pgd_copy_release_cpu(void)
{
	struct cpu_pgd *p = this_cpu_ptr(&cpu_pgd);

	pgd_free(p->pgd);
	*p = (struct cpu_pgd){ .pgd = NULL };
}

int pgd_copy_prepare(u32 cpu, struct slot *s, u32 pcid)
{
	s->cr3 = pcid;
	pgd_set(s, per_cpu_ptr(&cpu_pgd, cpu)->pgd);
	return 0;
}

/* @s has nothing in its tag any more, and may have been the last to have the page. */
static void disown(struct slot *s)
{
	struct cpu_pgd *p = this_cpu_ptr(&cpu_pgd);

	if (p->owner == s) {
		p->dirty = s->held;
		p->owner = NULL;
	}
	for (u32 w = 0; w < ENTRY_SET_WORDS; w++)
		shared_store(&s->held.bits[w], 0);
}

u32 pgd_copy_release(struct slot *s)
{
	disown(s);
	s->cr3 &= PCID_MASK;
	return 0;
}

void pgd_copy_bind(struct slot *s, struct mm *mm)
{
	(void)mm;
	disown(s);
	asid_owe_user_flush(s);
}

void pgd_copy_activate(struct slot *s, bool keep)
{
	struct cpu_pgd *p = this_cpu_ptr(&cpu_pgd);
	struct entry_set now = p->owner != NULL ? p->owner->held : p->dirty;

	DEBUG_ASSERT(cpu_tlb.loaded == NULL, "CPU %u: the page that is loaded would be rewritten",
		     cpu_id);
	count_copies(s, pti_on ? pgd_refill(p->pgd, &now, s->mm, true)
			       : pgd_refill(p->pgd, &now, s->mm, false));
	for (u32 w = 0; w < ENTRY_SET_WORDS; w++)
		shared_store(&s->held.bits[w], now.bits[w] | (keep ? s->held.bits[w] : 0));
	p->owner = s;
	s->referenced = keep; /* no hit tells the search for a victim */
}
