/* SPDX-License-Identifier: MIT */
/*
 * mm/fault.c - fill the tables from the regions, a page at a time.
 */
#include "lib/assert.h"
#include "lib/err.h"
#include "mm/counters.h"
#include "mm/mm.h"
#include "mm/object.h"
#include "mm/page_alloc.h"
#include "mm/page_zero.h"
#include "mm/trace.h"
#include "mm/user_pt.h"

static bool allows(const struct region *r, enum fault_access access)
{
	static const u32 needed[] = {
		[FAULT_READ] = REGION_READ,
		[FAULT_WRITE] = REGION_WRITE,
		[FAULT_EXEC] = REGION_EXEC,
	};

	return r->flags & needed[access];
}

static pte_t leaf_flags(const struct region *r, bool write)
{
	return PTE_PRESENT | PTE_USER | (write ? PTE_WRITE : 0) |
	       (r->flags & REGION_EXEC ? 0 : pte_nx());
}

/* A page for an empty entry: *@leaf is what to write there. */
static int find_page(const struct region *r, vaddr_t va, pte_t *leaf)
{
	u64 into = ALIGN_DOWN(va, PAGE_SIZE) - r->start;
	struct page *page;
	int err;

	switch (r->kind) {
	case REGION_PHYS:
		*leaf = (r->phys + into) | PTE_FOREIGN | leaf_flags(r, r->flags & REGION_WRITE);
		return 0;
	case REGION_OBJECT:
		err = object_page(r->object, (r->offset + into) / PAGE_SIZE, &page);
		if (err)
			return err;
		get_page(page);
		break;
	default:
		page = alloc_page(ZONE_USER);
		if (page == NULL)
			return -ENOMEM;
		page_zero(page);
	}
	*leaf = page_to_phys(page) | leaf_flags(r, r->flags & REGION_WRITE);
	return 0;
}

/* Do both sides of a fork see the same memory in @r? */
static bool is_shared(const struct region *r)
{
	return r->kind != REGION_ANON || (r->flags & REGION_SHARED);
}

/*
 * A write to a present, read-only page of a writable region.  The only one that has it
 * gets the right; who shares it gets a copy.
 */
static int make_writable(struct mm *mm, const struct region *r, vaddr_t va, pte_t *entry)
{
	struct page *old = user_pt_page(*entry), *copy;
	struct gather g;

	if (is_shared(r) || __atomic_load_n(&old->refcount, __ATOMIC_ACQUIRE) == 1) {
		user_pt_set(mm, entry, *entry | PTE_WRITE);
		return 0; /* more rights: no CPU's old entry allows too much */
	}
	copy = alloc_page(ZONE_USER);
	if (copy == NULL)
		return -ENOMEM;
	page_copy(copy, old);
	mm->events.cow_copies++;
	count_event(COW_COPIES);
	trace(TRACE_COW, mm->ctx_id, va);
	gather_begin(&g, mm);
	user_pt_set(mm, entry, page_to_phys(copy) | leaf_flags(r, true));
	gather_page(&g, ALIGN_DOWN(va, PAGE_SIZE), old);
	gather_finish(&g);
	return 0;
}

/* The entry is there: what is missing? */
static int fix_present(struct mm *mm, const struct region *r, vaddr_t va, pte_t *entry,
		       enum fault_access access)
{
	if (access == FAULT_WRITE && !(*entry & PTE_WRITE))
		return make_writable(mm, r, va, entry);
	if (access == FAULT_EXEC && (*entry & PTE_NX))
		user_pt_set(mm, entry, *entry & ~PTE_NX);
	return 0; /* another CPU was faster, or this one's TLB was behind */
}

static int fault_locked(struct mm *mm, vaddr_t va, enum fault_access access)
{
	const struct region *r = region_find(&mm->regions, va);
	pte_t *entry, leaf;
	int err;

	if (r == NULL || !allows(r, access))
		return -EFAULT;
	entry = user_pt_make(mm, va);
	if (entry == NULL)
		return -ENOMEM;
	if (pte_present(*entry))
		return fix_present(mm, r, va, entry, access);
	err = find_page(r, va, &leaf);
	if (!err)
		user_pt_set(mm, entry, leaf);
	return err;
}

int mm_fault(struct mm *mm, vaddr_t va, enum fault_access access)
{
	int err;

	if (va >= USER_END)
		return -EFAULT;
	spin_lock(&mm->lock);
	err = fault_locked(mm, va, access);
	mm->events.page_faults += err == 0;
	spin_unlock(&mm->lock);
	if (!err) {
		count_event(PAGE_FAULTS);
		trace(TRACE_FAULT, mm->ctx_id, va);
	}
	return err;
}
