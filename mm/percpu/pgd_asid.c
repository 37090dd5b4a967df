/* SPDX-License-Identifier: MIT */
/*
 * mm/percpu/pgd_asid.c - pgd=asid: a PGD per slot.
 *
 * It is made with the slot, and refilled when the slot is given to another mm, whose
 * first load flushes the tag: slot.held is what the PGD has, and bounds what the tag has.
 */
#include "lib/err.h"
#include "mm/percpu/policy.h"

int pgd_asid_prepare(u32 cpu, struct slot *s, u32 pcid)
{
	const pte_t *pgd = pgd_alloc(cpu);

	if (pgd == NULL)
		return -ENOMEM;
	s->cr3 = pcid;
	pgd_set(s, pgd);
	return 0;
}

u32 pgd_asid_release(struct slot *s)
{
	pgd_free(pgd_of(s));
	s->cr3 &= PCID_MASK;
	s->held = (struct entry_set){ { 0 } };
	return 1;
}

bool pgd_asid_has_spare(u32 cpu)
{
	return READ_ONCE(per_cpu_ptr(&cpu_tlb, cpu)->count) > MIN(ASIDS_RESERVE, asids);
}

void pgd_asid_bind(struct slot *s, struct mm *mm)
{
	count_copies(s, pgd_refill(pgd_of(s), &s->held, mm, false));
}

/* Apart, because a slot's set-up without isolation must not pay for the question. */
void pgd_asid_bind_isolated(struct slot *s, struct mm *mm)
{
	count_copies(s, pgd_refill(pgd_of(s), &s->held, mm, true));
	asid_owe_user_flush(s);
}
