/* SPDX-License-Identifier: MIT */
/*
 * mm/percpu/pgd_space.c - pgd=space: a PGD per CPU and mm, made at the first switch and
 * kept until the mm dies; there is no bound on their number.
 *
 * A slot is a tag.  A switch must not fail, so each CPU has a spare page for an mm that
 * gets none of its own.  One slot at a time has it: the one before is made to serve
 * nobody, so that its mm is bound anew, and asks for a page again, when it comes back.
 */
#include "arch/x86_64/smp.h"
#include "lib/err.h"
#include "lib/string.h"
#include "mm/percpu/policy.h"
#include "mm/slab.h"
#include "mm/switch.h"

struct spare_pgd {
	pte_t *pgd;
	struct slot *user; /* the last slot that was given it; it may have another by now */
};

static DEFINE_PER_CPU(struct spare_pgd, spare_pgd);

int pgd_space_prepare_cpu(u32 cpu)
{
	struct spare_pgd *spare = per_cpu_ptr(&spare_pgd, cpu);

	if (spare->pgd == NULL)
		spare->pgd = pgd_alloc(cpu);
	return spare->pgd != NULL ? 0 : -ENOMEM;
}

int pgd_space_prepare(u32 cpu, struct slot *s, u32 pcid)
{
	(void)cpu;
	s->cr3 = pcid;
	return 0;
}

void pgd_space_release(struct slot *s)
{
	s->cr3 &= PCID_MASK;
	s->held = (struct entry_set){ { 0 } };
}

/* The spare, empty, for @s. */
static pte_t *take_spare(struct slot *s)
{
	struct spare_pgd *spare = this_cpu_ptr(&spare_pgd);
	struct slot *user = spare->user;

	if (user != NULL && user != s && pgd_of(user) == spare->pgd) {
		if (user == cpu_tlb.loaded)
			switch_to_neutral();
		shared_store(&user->ctx_id, 0);
	}
	spare->user = s;
	pgd_empty(spare->pgd);
	return spare->pgd;
}

static pte_t *page_for(struct slot *s, struct mm *mm)
{
	pte_t **pgd = &mm->pgds[cpu_id];

	if (*pgd == NULL)
		*pgd = pgd_alloc(cpu_id);
	return *pgd != NULL ? *pgd : take_spare(s);
}

/* The page is not loaded, and mm->present has all that came into it before. */
void pgd_space_bind(struct slot *s, struct mm *mm)
{
	struct entry_set held = { { 0 } };
	pte_t *pgd = page_for(s, mm);
	u32 e;

	pgd_set(s, pgd);
	for_each_entry (e, &mm->present) {
		if (!pte_present(pgd[e])) {
			if (fill_policy == FILL_TOUCH)
				continue;
			pgd_put(pgd, e, shared_load(&mm->reference[e]));
			count_copies(s, 1);
		}
		entry_set_add(&held, e);
	}
	for (u32 w = 0; w < ENTRY_SET_WORDS; w++)
		shared_store(&s->held.bits[w], held.bits[w]);
}

int pgd_space_attach(struct mm *mm)
{
	mm->pgds = kzalloc(cpu_count * sizeof(mm->pgds[0]));
	return mm->pgds != NULL ? 0 : -ENOMEM;
}

void pgd_space_forget(struct mm *mm)
{
	for (u32 cpu = 0; cpu < cpu_count; cpu++)
		if (mm->pgds[cpu] != NULL)
			pgd_free(mm->pgds[cpu]);
	kfree(mm->pgds);
}
