/* SPDX-License-Identifier: MIT */
/*
 * mm/mm.c - the life of an address space, and changes of its regions.
 */
#include "arch/x86_64/smp.h"
#include "lib/assert.h"
#include "lib/err.h"
#include "lib/string.h"
#include "mm/asid.h"
#include "mm/budget.h"
#include "mm/flush.h"
#include "mm/mm.h"
#include "mm/page_alloc.h"
#include "mm/pgd.h"
#include "mm/slab.h"
#include "mm/trace.h"
#include "mm/user_pt.h"

static KMEM_CACHE(mm_cache, "mm", sizeof(struct mm), 64);

static u64 last_ctx_id; /* atomic; 64 bits are never used up */

static struct slot **alloc_hints(void)
{
	struct slot **hints = kmalloc(cpu_count * sizeof(hints[0]));

	if (hints != NULL)
		for (u32 cpu = 0; cpu < cpu_count; cpu++)
			hints[cpu] = &asid_nobody;
	return hints;
}

static void free_per_cpu(struct mm *mm)
{
	if (mm->bound != mm->hint)
		kfree(mm->bound);
	kfree(mm->hint);
	kfree(mm->counts);
}

static bool alloc_parts(struct mm *mm)
{
	mm->reference = pgd_alloc_reference();
	mm->hint = alloc_hints();
	mm->bound = pgd_policy.activate == NULL && !trace_on ? mm->hint : alloc_hints();
	mm->counts = mm_counts_alloc();
	if (mm->reference == NULL || mm->hint == NULL || mm->bound == NULL || mm->counts == NULL ||
	    pgd_attach(mm)) {
		if (mm->reference != NULL)
			pgd_free_reference(mm->reference);
		free_per_cpu(mm);
		return false;
	}
	return true;
}

/* Nobody knows it yet. */
NO_LOCK_CHECK struct mm *mm_create(void)
{
	struct mm *mm = kmem_cache_zalloc(&mm_cache);

	if (mm == NULL)
		return NULL;
	if (!alloc_parts(mm)) {
		kmem_cache_free(&mm_cache, mm);
		return NULL;
	}
	spin_init(&mm->lock, "mm", LOCK_RANK_MM);
	region_tree_init(&mm->regions, USER_END);
	mm->ctx_id = shared_add(&last_ctx_id, 1) + 1;
	mm->tlb_gen = MM_FIRST_GEN;
	mm->users = 1;
	mm->table_pages = 1;
	mm->charged = 1;
	return mm;
}

/* Nobody else knows it. */
NO_LOCK_CHECK int mm_set_budget(struct mm *mm, struct budget *budget)
{
	if (!budget_charge(budget, mm->charged))
		return -ENOMEM;
	budget_get(budget);
	mm->budget = budget;
	mm->regions.max = MM_REGIONS_MAX;
	return 0;
}

/* What is still charged is given back, since nobody else has the mm any more. */
static NO_LOCK_CHECK void leave_budget(struct mm *mm)
{
	budget_uncharge(mm->budget, mm->charged);
	budget_put(mm->budget);
}

static void destroy(struct mm *mm)
{
	spin_lock(&mm->lock);
	flush_drop_mm(mm);
	spin_unlock(&mm->lock);
	/* No CPU has it loaded, and no slot with its ctx_id will be loaded again (R4). */
	pgd_forget(mm);
	user_pt_destroy(mm);
	region_tree_destroy(&mm->regions);
	free_per_cpu(mm);
	leave_budget(mm);
	kmem_cache_free(&mm_cache, mm);
}

void mm_put(struct mm *mm)
{
	u32 before = __atomic_fetch_sub(&mm->users, 1, __ATOMIC_ACQ_REL);

	ASSERT(before != 0, "mm %lu is dropped more often than held", mm->ctx_id);
	if (before == 1)
		destroy(mm);
}

int mm_unmap(struct mm *mm, vaddr_t start, vaddr_t end)
{
	struct list_node removed = LIST_INIT(removed);
	struct gather g;
	int err;

	if (end > USER_END || start >= end)
		return -EINVAL;
	spin_lock(&mm->lock);
	err = user_pt_split_ends(mm, start, end);
	if (!err)
		err = region_remove_range(&mm->regions, start, end, &removed);
	if (!err) {
		gather_begin(&g, mm);
		user_pt_zap(mm, start, end, &g);
		gather_finish(&g);
		region_free_list(&removed);
	}
	spin_unlock(&mm->lock);
	return err;
}

/* --- protect ------------------------------------------------------------------------------ */

struct protect {
	u32 rights;
	struct gather g;
};

/*
 * Take rights away at once; what is added comes by fault, which looks at the region.
 * Without any right, the leaf goes.
 */
static int protect_leaf(void *arg, vaddr_t va, pte_t *entry, u32 level)
{
	struct protect *p = arg;
	pte_t now = shared_load(entry), less = now;

	if (!(p->rights & REGION_WRITE))
		less &= ~PTE_WRITE;
	if (!(p->rights & REGION_EXEC))
		less |= pte_nx();
	if (less != now) {
		shared_store(entry, less);
		gather_leaf(&p->g, va, level, NULL);
	}
	return 0;
}

static void protect_tables(struct mm *mm, vaddr_t start, vaddr_t end, u32 rights) REQUIRES(mm->lock)
{
	struct protect p = { .rights = rights };

	gather_begin(&p.g, mm);
	if (rights & (REGION_READ | REGION_WRITE | REGION_EXEC))
		user_pt_visit(mm, start, end, protect_leaf, &p);
	else
		user_pt_zap(mm, start, end, &p.g);
	gather_finish(&p.g);
}

#define REGION_RIGHTS (REGION_READ | REGION_WRITE | REGION_EXEC)

static bool may_have(const struct mm *mm, vaddr_t start, vaddr_t end, u32 rights) REQUIRES(mm->lock)
{
	const struct region *r = region_first_at_or_after(&mm->regions, start);

	for (; r != NULL && r->start < end; r = region_next(r))
		if ((rights & REGION_WRITE) && (r->flags & REGION_NEVER_WRITE))
			return false;
	return true;
}

static int protect_locked(struct mm *mm, vaddr_t start, vaddr_t end, u32 rights) REQUIRES(mm->lock)
{
	struct region *r;
	int err;

	if (!may_have(mm, start, end, rights))
		return -EPERM;
	err = user_pt_split_ends(mm, start, end);
	if (!err)
		err = region_split_range(&mm->regions, start, end);
	if (err)
		return err;
	r = region_first_at_or_after(&mm->regions, start);
	for (; r != NULL && r->start < end; r = region_next(r))
		r->flags = (r->flags & ~REGION_RIGHTS) | rights;
	protect_tables(mm, start, end, rights);
	return 0;
}

int mm_protect(struct mm *mm, vaddr_t start, vaddr_t end, u32 rights)
{
	int err;

	if (end > USER_END || start >= end || (rights & ~REGION_RIGHTS))
		return -EINVAL;
	spin_lock(&mm->lock);
	err = protect_locked(mm, start, end, rights);
	spin_unlock(&mm->lock);
	return err;
}
