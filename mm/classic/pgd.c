/* SPDX-License-Identifier: MIT */
/*
 * mm/classic/pgd.c - one PGD per mm, for all CPUs: the reference, with the kernel half in
 * it; isolated, a pair.  A slot is a tag and nothing else; no entry is ever copied, none is
 * ever missing.
 */
#include "arch/x86_64/pcid.h"
#include "arch/x86_64/pti.h"
#include "arch/x86_64/tlb_mailbox.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/kspace.h"
#include "mm/page_alloc.h"
#include "mm/pgd.h"

enum pgd_kind pgd_kind;
const char *const pgd_words[] = { "asid", NULL };

static int prepare(u32 cpu, struct slot *s, u32 pcid)
{
	(void)cpu;
	s->cr3 = pcid;
	return 0;
}

static u32 release(struct slot *s)
{
	s->cr3 &= PCID_MASK;
	return 0;
}

static void bind(struct slot *s, struct mm *mm)
{
	s->cr3 = (s->cr3 & PCID_MASK) | virt_to_phys(mm->reference);
	s->user_cr3 = pti_user_cr3_of(s->cr3); /* owes a flush */
}

struct pgd_policy pgd_policy = {
	.prepare = prepare,
	.release = release,
	.bind = bind,
};

void pgd_init(void)
{
}

int pgd_attach(struct mm *mm)
{
	(void)mm;
	return 0;
}

void pgd_forget(struct mm *mm)
{
	(void)mm;
}

bool pgd_fill(struct slot *s, u32 entry)
{
	(void)s;
	(void)entry;
	return false;
}

bool pgd_may_hold(const struct slot *s, vaddr_t start, vaddr_t end)
{
	(void)s;
	(void)start;
	(void)end;
	return true;
}

bool pgd_copies_entries(void)
{
	return false;
}

void pgd_check(const struct slot *s)
{
	pte_t *reference = s->mm->reference;

	ASSERT((s->cr3 & ~PCID_MASK) == virt_to_phys(reference),
	       "CPU %u: slot of mm %lu names table %#lx", cpu_id, s->ctx_id, s->cr3);
	for (u32 i = 0; i < USER_ENTRIES && pti_on; i++) {
		/* In this order, the opposite of pgd_set_reference()'s. */
		pte_t user = shared_load(&pti_user_pgd(reference)[i]);
		pte_t kernel = shared_load(&reference[i]);

		ASSERT(user == 0 || pte_address(user) == pte_address(kernel),
		       "CPU %u: entry %u of mm %lu is %#lx, in its user PGD %#lx", cpu_id, i,
		       s->ctx_id, kernel, user);
	}
}

/* The neutral PGD, isolated the pair, has nothing of a user's. */
pte_t *pgd_alloc_reference(void)
{
	struct page *page = alloc_pages(ZONE_KERNEL, pti_pgd_order());

	if (page == NULL)
		return NULL;
	return memcpy(page_address(page), phys_to_virt(kspace_root()),
		      PAGE_SIZE << pti_pgd_order());
}

void pgd_free_reference(pte_t *reference)
{
	tlb_announce_free_tables(virt_to_phys(reference), pti_pgd_order());
	free_pages(virt_to_page(reference), pti_pgd_order());
}

/* The reference's first (R2), under mm->lock: user mode faults until it sees the user PGD's. */
void pgd_set_reference(pte_t *reference, u32 entry, pte_t table)
{
	shared_store(&reference[entry], table | pti_kernel_nx());
	if (pti_on)
		shared_store(&pti_user_pgd(reference)[entry], table);
}
