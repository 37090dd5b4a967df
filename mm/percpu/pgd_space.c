/* SPDX-License-Identifier: MIT */
/*
 * mm/percpu/pgd_space.c - pgd=space: a PGD per CPU and mm, made at the first switch and
 * kept until the mm dies; there is no bound on their number.
 *
 * A slot is a tag.  A switch must not fail, so each CPU has a spare page for an mm that
 * gets none of its own.  One slot at a time has it: the one before is made to serve
 * nobody, so that its mm is bound anew, and asks for a page again, when it comes back.
 *
 * The pages that a CPU has made for mms are on its list, so that it can give them back
 * under pressure; a page says in private[0] where its mm keeps it.  They come and go with
 * the list's lock held: by their CPU, and at the end of an mm.
 */
#include "arch/x86_64/smp.h"
#include "arch/x86_64/spinlock.h"
#include "lib/assert.h"
#include "lib/err.h"
#include "lib/string.h"
#include "mm/page_alloc.h"
#include "mm/percpu/policy.h"
#include "mm/slab.h"
#include "mm/switch.h"

struct spare_pgd {
	pte_t *pgd;
	struct slot *user; /* the last slot that was given it; it may have another by now */
};

static DEFINE_PER_CPU(struct spare_pgd, spare_pgd);

struct mm_pgds {
	struct spinlock lock; /* rank LOCK_RANK_PGDS */
	struct list_node list GUARDED_BY(lock);
	u32 count GUARDED_BY(lock); /* on it; others may look */
};

static DEFINE_PER_CPU(struct mm_pgds, mm_pgds);

int pgd_space_prepare_cpu(u32 cpu)
{
	struct spare_pgd *spare = per_cpu_ptr(&spare_pgd, cpu);
	struct mm_pgds *mine = per_cpu_ptr(&mm_pgds, cpu);

	if (spare->pgd != NULL)
		return 0;
	/* Once: whoever ends an mm takes the lock, whether this CPU runs or not. */
	if (mine->lock.name == NULL) {
		spin_init(&mine->lock, "PGDs of mms", LOCK_RANK_PGDS);
		list_init(&mine->list);
	}
	spare->pgd = pgd_alloc(cpu);
	return spare->pgd != NULL ? 0 : -ENOMEM;
}

/* Those of mms went with pgd_space_give_back(). */
void pgd_space_release_cpu(void)
{
	struct spare_pgd *spare = this_cpu_ptr(&spare_pgd);

	ASSERT(list_empty(&this_cpu_ptr(&mm_pgds)->list), "CPU %u still has PGDs of mms", cpu_id);
	pgd_free(spare->pgd);
	*spare = (struct spare_pgd){ .pgd = NULL };
}

int pgd_space_prepare(u32 cpu, struct slot *s, u32 pcid)
{
	(void)cpu;
	s->cr3 = pcid;
	return 0;
}

u32 pgd_space_release(struct slot *s)
{
	s->cr3 &= PCID_MASK;
	s->held = (struct entry_set){ { 0 } };
	return 0;
}

/* The spare, empty, for @s. */
static pte_t *take_spare(struct slot *s) REQUIRES(irqs_off)
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

/* A page of this CPU's for @mm, kept at *@at from now on.  NULL: out of memory, or nearly. */
static pte_t *make_page(pte_t **at)
{
	struct mm_pgds *mine = this_cpu_ptr(&mm_pgds);
	pte_t *pgd = page_alloc_is_low() ? NULL : pgd_alloc(cpu_id);

	if (pgd == NULL)
		return NULL;
	virt_to_page(pgd)->private[0] = (u64)at;
	spin_lock(&mine->lock);
	list_add(&virt_to_page(pgd)->node, &mine->list);
	WRITE_ONCE(mine->count, mine->count + 1);
	*at = pgd;
	spin_unlock(&mine->lock);
	return pgd;
}

static pte_t *page_for(struct slot *s, struct mm *mm) REQUIRES(irqs_off)
{
	pte_t **at = &mm->pgds[cpu_id], *pgd = *at != NULL ? *at : make_page(at);

	return pgd != NULL ? pgd : take_spare(s);
}

/* What slots other than the loaded one serve now has no page in a moment. */
static void unbind_idle(const struct cpu_tlb *t)
{
	struct slot *s = t->hand;

	do {
		if (s != t->loaded)
			shared_store(&s->ctx_id, 0);
		s = s->next; /* NOLINT(clang-analyzer-core.NullDereference): there are slots */
	} while (s != t->hand);
}

u32 pgd_space_give_back(void)
{
	struct cpu_tlb *t = this_cpu_ptr(&cpu_tlb);
	struct mm_pgds *mine = this_cpu_ptr(&mm_pgds);
	const pte_t *loaded = t->loaded != NULL ? pgd_of(t->loaded) : NULL;
	struct list_node given = LIST_INIT(given);
	struct page *page, *next;
	u32 n = 0;

	unbind_idle(t);
	spin_lock(&mine->lock);
	list_for_each_entry_safe (page, next, &mine->list, node) {
		if (page_address(page) == loaded)
			continue;
		*(pte_t **)page->private[0] = NULL;
		list_del(&page->node);
		list_add(&page->node, &given);
		n++;
	}
	WRITE_ONCE(mine->count, mine->count - n);
	spin_unlock(&mine->lock);
	list_for_each_entry_safe (page, next, &given, node) {
		list_del(&page->node);
		pgd_free(page_address(page));
	}
	return n;
}

/* Of the pages on the list one is loaded, or the spare page is, or neither. */
bool pgd_space_has_spare(u32 cpu)
{
	const struct slot *loaded = shared_load(&per_cpu_ptr(&cpu_tlb, cpu)->loaded);
	u32 count = READ_ONCE(per_cpu_ptr(&mm_pgds, cpu)->count);

	if (count != 1 || loaded == NULL)
		return count != 0;
	return (READ_ONCE(loaded->cr3) & ~PCID_MASK) ==
	       virt_to_phys(READ_ONCE(per_cpu_ptr(&spare_pgd, cpu)->pgd));
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
	for (u32 cpu = 0; cpu < cpu_count; cpu++) {
		struct mm_pgds *of = per_cpu_ptr(&mm_pgds, cpu);
		u64 flags = spin_lock_irqsave(&of->lock);
		pte_t *pgd = mm->pgds[cpu]; /* its CPU may just have given it back */

		if (pgd != NULL) {
			list_del(&virt_to_page(pgd)->node);
			WRITE_ONCE(of->count, of->count - 1);
		}
		spin_unlock_irqrestore(&of->lock, flags);
		if (pgd != NULL)
			pgd_free(pgd);
	}
	kfree(mm->pgds);
}
