/* SPDX-License-Identifier: MIT */
/*
 * mm/percpu/pgd.c - a PGD of this CPU's: what is true of it whoever's page it is
 * (pgd_asid.c, pgd_copy.c, pgd_space.c).
 *
 * Entries 256..511 come from the CPU's neutral PGD when the page is made and never
 * change (R1).  Entries 0..255 are empty or equal to the reference's of the mm that the
 * slot serves (R2); those in slot.held may be other than empty, and no others.
 *
 * Isolated, all this is true of both pages of a pair, the user PGD's kernel half being what
 * the neutral pair's second page has.
 *
 * An entry of a loaded PGD changes in one way only, from empty to the reference's, and
 * in this order:
 *
 *	slot.held gains the bit;  full barrier;  the entry is written
 *
 * It pairs with mm/flush.c, which changes a leaf, raises tlb_gen with a locked add, and
 * then reads the bit: either it sees the bit and sends an IPI, or every walk through the
 * new entry, a speculative one too, sees the changed leaf.
 */
#include "arch/x86_64/pcid.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/tlb_mailbox.h"
#include "lib/assert.h"
#include "lib/err.h"
#include "lib/string.h"
#include "mm/counters.h"
#include "mm/page_alloc.h"
#include "mm/percpu/policy.h"

enum pgd_kind pgd_kind;
const char *const pgd_words[] = { "asid", "copy", "space", NULL };

struct pgd_policy pgd_policy = PGD_ASID_POLICY;

void pgd_init(void)
{
	static const struct pgd_policy policies[] = {
		[PGD_ASID] = PGD_ASID_POLICY,
		[PGD_COPY] = PGD_COPY_POLICY,
		[PGD_SPACE] = PGD_SPACE_POLICY,
	};
	static const struct pgd_policy asid_isolated = PGD_ASID_ISOLATED_POLICY;

	pgd_policy = pgd_kind == PGD_ASID && pti_on ? asid_isolated : policies[pgd_kind];
}

pte_t *pgd_alloc(u32 cpu)
{
	struct page *page = alloc_pages(ZONE_KERNEL, pti_pgd_order());
	pte_t *pgd;

	if (page == NULL)
		return NULL;
	/* The neutral PGD has no user half, and neither has its user side. */
	pgd = page_address(page);
	memcpy(pgd, phys_to_virt(cpus[cpu].neutral_root), PAGE_SIZE << pti_pgd_order());
	count_pgd_page(1 << pti_pgd_order());
	return pgd;
}

void pgd_free(pte_t *pgd)
{
	tlb_announce_free_tables(virt_to_phys(pgd), pti_pgd_order());
	free_pages(virt_to_page(pgd), pti_pgd_order());
	count_pgd_page(-(1 << pti_pgd_order()));
}

int pgd_attach(struct mm *mm)
{
	return pgd_kind == PGD_SPACE ? pgd_space_attach(mm) : 0;
}

void pgd_forget(struct mm *mm)
{
	if (mm->pgds != NULL)
		pgd_space_forget(mm);
}

bool pgd_fill(struct slot *s, u32 entry)
{
	pte_t want = shared_load(&s->mm->reference[entry]);
	pte_t *pgd = pgd_of(s);

	if (!pte_present(want) || pte_present(pgd[entry]))
		return false;
	entry_set_add(&s->held, entry);
	smp_mb(); /* pairs with the locked add in flush_range(): bit before entry */
	pgd_put(pgd, entry, want);
	s->counts->lazy_faults++; /* what a fill is for */
	count_event(ENTRIES_COPIED);
	return true;
}

bool pgd_may_hold(const struct slot *s, vaddr_t start, vaddr_t end)
{
	return entry_set_meets(&s->held, start, end);
}

bool pgd_copies_entries(void)
{
	return true;
}

static bool same_entry(pte_t a, pte_t b)
{
	return (a & ~PTE_ACCESSED) == (b & ~PTE_ACCESSED); /* the CPU sets that in each copy */
}

/* One page of the slot's: @extra is what it adds to entries of the reference. */
static void check_page(const struct slot *s, const pte_t *pgd, const pte_t *neutral, pte_t extra)
{
	const pte_t *reference = s->mm->reference;

	for (u32 i = 0; i < USER_ENTRIES; i++)
		ASSERT(pgd[i] == 0 || (entry_set_has(&s->held, i) &&
				       same_entry(pgd[i], reference[i] | extra)),
		       "CPU %u: entry %u of mm %lu is %#lx, its reference has %#lx", cpu_id, i,
		       s->ctx_id, pgd[i], reference[i]);
	for (u32 i = PT_KERNEL_FIRST; i < PT_ENTRIES; i++)
		ASSERT(same_entry(pgd[i], neutral[i]),
		       "CPU %u: kernel entry %u is %#lx, the neutral PGD has %#lx", cpu_id, i,
		       pgd[i], neutral[i]);
}

void pgd_check(const struct slot *s)
{
	pte_t *pgd = pgd_of(s), *neutral = phys_to_virt(cpu_tlb.neutral & ~PCID_MASK);

	check_page(s, pgd, neutral, pti_kernel_nx());
	if (pti_on)
		check_page(s, pti_user_pgd(pgd), pti_user_pgd(neutral), 0);
}

/* Only entries 0..255 of a reference are ever looked at, and by the kernel alone. */
pte_t *pgd_alloc_reference(void)
{
	struct page *page = alloc_page(ZONE_KERNEL);

	if (page == NULL)
		return NULL;
	return memset(page_address(page), 0, PAGE_SIZE);
}

void pgd_free_reference(pte_t *reference)
{
	free_page(virt_to_page(reference));
}

void pgd_set_reference(pte_t *reference, u32 entry, pte_t table)
{
	shared_store(&reference[entry], table);
}
