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

static pte_t leaf_flags(const struct region *r, bool write, u32 level)
{
	return PTE_PRESENT | PTE_USER | (write ? PTE_WRITE : 0) |
	       (r->flags & REGION_EXEC ? 0 : pte_nx()) | (level > PT_LEVEL_LEAF ? PTE_LARGE : 0);
}

/*
 * The largest leaf that @r allows around @va: a large one lies in it whole, on memory as
 * aligned.  An object's pages come one by one, and seldom lie side by side.
 */
static u32 largest_leaf(const struct region *r, vaddr_t va)
{
	vaddr_t start = ALIGN_DOWN(va, LARGE_PAGE_SIZE);

	if (!(r->flags & REGION_LARGE) || r->kind == REGION_OBJECT || start < r->start ||
	    r->end - start < LARGE_PAGE_SIZE)
		return PT_LEVEL_LEAF;
	if (r->kind == REGION_PHYS && !IS_ALIGNED(r->phys + (start - r->start), LARGE_PAGE_SIZE))
		return PT_LEVEL_LEAF;
	return PT_LEVEL_2M;
}

/* Zeroed frames for a leaf at @level, counted one by one.  NULL: out of memory. */
static struct page *anonymous_run(u32 level)
{
	unsigned order = leaf_order(level);
	struct page *first = alloc_pages(ZONE_USER, order);

	if (first == NULL)
		return NULL;
	if (likely(order == 0)) {
		page_zero(first);
		return first;
	}
	page_split(first, order);
	for (u64 i = 0; i < BIT(order); i++)
		page_zero(first + i);
	return first;
}

/* Memory for an empty entry at @level: *@leaf is what to write there. */
static int find_memory(const struct region *r, vaddr_t va, u32 level, pte_t *leaf)
{
	u64 into = ALIGN_DOWN(va, leaf_size(level)) - r->start;
	pte_t flags = leaf_flags(r, r->flags & REGION_WRITE, level);
	struct page *page;
	int err;

	switch (r->kind) {
	case REGION_PHYS:
		*leaf = (r->phys + into) | PTE_FOREIGN | flags;
		return 0;
	case REGION_OBJECT:
		*leaf = object_device_page(r->object, (r->offset + into) / PAGE_SIZE);
		if (*leaf != 0) {
			*leaf |= PTE_FOREIGN | flags;
			return 0;
		}
		err = object_page(r->object, (r->offset + into) / PAGE_SIZE, &page);
		if (err)
			return err;
		get_page(page);
		flags |= PTE_OBJECT;
		break;
	default:
		page = anonymous_run(level);
		if (page == NULL)
			return -ENOMEM;
	}
	*leaf = page_to_phys(page) | flags;
	return 0;
}

/* Do both sides of a fork see the same memory in @r? */
static bool is_shared(const struct region *r)
{
	return r->kind != REGION_ANON || (r->flags & REGION_SHARED);
}

/* Are the frames of a leaf at @level this mm's alone? */
static bool is_only_user(const struct page *first, u32 level)
{
	for (u64 i = 0; i < BIT(leaf_order(level)); i++)
		if (__atomic_load_n(&first[i].refcount, __ATOMIC_ACQUIRE) != 1)
			return false;
	return true;
}

/* A page of its own for the writer, in place of one that is shared. */
static int copy_on_write(struct mm *mm, const struct region *r, vaddr_t va, pte_t *entry)
	REQUIRES(mm->lock)
{
	struct page *old = user_pt_page(*entry), *copy = alloc_page(ZONE_USER);
	struct gather g;

	if (copy == NULL)
		return -ENOMEM;
	page_copy(copy, old);
	mm->events.cow_copies++;
	count_event(COW_COPIES);
	trace(TRACE_COW, mm->ctx_id, va);
	gather_begin(&g, mm);
	user_pt_set(mm, entry, PT_LEVEL_LEAF,
		    page_to_phys(copy) | leaf_flags(r, true, PT_LEVEL_LEAF));
	gather_leaf(&g, ALIGN_DOWN(va, PAGE_SIZE), PT_LEVEL_LEAF, old);
	gather_finish(&g);
	return 0;
}

/*
 * A write to a present, read-only leaf of a writable region.  The only one that has its
 * frames gets the right; who shares a page gets a copy.  A shared large leaf is split
 * first: the write then costs 4 KiB to copy and a table, where a copy of all would hold
 * the lock for 2 MiB and want a free block of as much; frames are counted one by one,
 * so the other side keeps its large leaf.
 */
static int make_writable(struct mm *mm, const struct region *r, vaddr_t va, pte_t *entry, u32 level)
	REQUIRES(mm->lock)
{
	if (is_shared(r) || is_only_user(user_pt_page(*entry), level)) {
		user_pt_set(mm, entry, level, *entry | PTE_WRITE);
		return 0; /* more rights: no CPU's old entry allows too much */
	}
	if (level != PT_LEVEL_LEAF) {
		int err = user_pt_split(mm, va);

		if (err)
			return err;
		entry = user_pt_find(mm, va, &level);
		return make_writable(mm, r, va, entry, level);
	}
	return copy_on_write(mm, r, va, entry);
}

/* The entry is there: what is missing? */
static int fix_present(struct mm *mm, const struct region *r, vaddr_t va, pte_t *entry, u32 level,
		       enum fault_access access) REQUIRES(mm->lock)
{
	if (access == FAULT_WRITE && !(*entry & PTE_WRITE))
		return make_writable(mm, r, va, entry, level);
	if (access == FAULT_EXEC && (*entry & PTE_NX))
		user_pt_set(mm, entry, level, *entry & ~PTE_NX);
	return 0; /* another CPU was faster, or this one's TLB was behind */
}

/* A leaf of at most @largest for @va, where @r allows @access. */
static int fault_in(struct mm *mm, const struct region *r, vaddr_t va, u32 largest,
		    enum fault_access access) REQUIRES(mm->lock)
{
	u32 level = largest;
	pte_t *entry = user_pt_make(mm, va, &level), leaf;
	u64 charge;
	int err;

	if (entry == NULL)
		return -ENOMEM;
	if (pte_present(*entry))
		return fix_present(mm, r, va, entry, level, access);
	charge = r->kind == REGION_ANON ? BIT(leaf_order(level)) : 0;
	if (charge != 0 && !mm_charge(mm, charge))
		return -ENOMEM;
	err = find_memory(r, va, level, &leaf);
	if (likely(!err))
		user_pt_set(mm, entry, level, leaf);
	else if (charge != 0)
		mm_uncharge(mm, charge);
	return err;
}

static int fault_locked(struct mm *mm, vaddr_t va, enum fault_access access) REQUIRES(mm->lock)
{
	const struct region *r = region_find(&mm->regions, va);
	u32 largest;
	int err;

	if (r == NULL || !allows(r, access))
		return -EFAULT;
	largest = largest_leaf(r, va);
	err = fault_in(mm, r, va, largest, access);
	if (err == -ENOMEM && largest > PT_LEVEL_LEAF)
		err = fault_in(mm, r, va, PT_LEVEL_LEAF, access);
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

/* A zeroed page, charged.  NULL: not without waiting, or not at all. */
static ALWAYS_INLINE struct page *quick_page(struct mm *mm) REQUIRES(mm->lock, irqs_off)
{
	struct page *page;

	if (unlikely(!mm_charge(mm, 1)))
		return NULL;
	page = page_alloc_pop(ZONE_USER);
	if (unlikely(page == NULL)) {
		mm_uncharge(mm, 1);
		return NULL;
	}
	page_zero(page);
	return page;
}

/* The page of @r's object for @va, with a reference.  NULL: not without waiting, or there is none.
 */
static NOINLINE struct page *quick_object_page(const struct region *r, vaddr_t va)
	REQUIRES(irqs_off)
{
	struct page *page;

	page = object_page_quick(r->object, (r->offset + (va - r->start)) / PAGE_SIZE);
	if (likely(page != NULL))
		get_page(page);
	return page;
}

/* What could not be filled in so: is that because no region has it? */
static NOINLINE enum fault_quick why_not_quickly(struct mm *mm, vaddr_t va) REQUIRES(mm->lock)
{
	return region_find(&mm->regions, va) == NULL ? FAULT_NO_REGION : FAULT_NOT_QUICKLY;
}

static ALWAYS_INLINE enum fault_quick fault_quick_locked(struct mm *mm, vaddr_t va,
							 enum fault_access access)
	REQUIRES(mm->lock, irqs_off)
{
	const struct region *r = mm->regions.found;
	struct leaf_table *last = user_pt_last(mm, va);
	struct page *page;
	pte_t *entry, leaf;

	if (unlikely(last == NULL || r == NULL || !region_contains(r, va)))
		return why_not_quickly(mm, va);
	entry = &last->table[pt_index(va, PT_LEVEL_LEAF)];
	if (unlikely(!allows(r, access) || pte_present(*entry)))
		return FAULT_NOT_QUICKLY;
	leaf = leaf_flags(r, r->flags & REGION_WRITE, PT_LEVEL_LEAF);
	if (likely(r->kind == REGION_ANON)) {
		page = quick_page(mm);
	} else {
		page = r->kind == REGION_OBJECT ? quick_object_page(r, va) : NULL;
		leaf |= PTE_OBJECT;
	}
	if (unlikely(page == NULL))
		return FAULT_NOT_QUICKLY;
	user_pt_set_last(mm, entry, page_to_phys(page) | leaf);
	return FAULT_DONE;
}

void mm_fill_quick(struct mm *mm, vaddr_t va)
{
	(void)fault_quick_locked(mm, va, FAULT_READ);
}

enum fault_quick mm_fault_quick(struct mm *mm, vaddr_t va, enum fault_access access)
{
	enum fault_quick done;

	if (unlikely(!spin_try_irqs_off(&mm->lock)))
		return FAULT_NOT_QUICKLY;
	done = fault_quick_locked(mm, va, access);
	mm->events.page_faults += done == FAULT_DONE;
	spin_unlock_irqs_off(&mm->lock);
	if (unlikely(done != FAULT_DONE))
		return done;
	count_event(PAGE_FAULTS);
	trace(TRACE_FAULT, mm->ctx_id, va);
	return FAULT_DONE;
}

/* What maps @va, which was just faulted in; NULL: foreign memory. */
static struct page *page_at(struct mm *mm, vaddr_t va) REQUIRES(mm->lock)
{
	u32 level;
	pte_t leaf = *user_pt_find(mm, va, &level);
	struct page *first = user_pt_page(leaf);

	return first == NULL ? NULL : first + (va % leaf_size(level)) / PAGE_SIZE;
}

int mm_get_page(struct mm *mm, vaddr_t va, enum fault_access access, struct page **page)
{
	int err;

	if (va >= USER_END)
		return -EFAULT;
	spin_lock(&mm->lock);
	err = fault_locked(mm, va, access);
	if (!err) {
		*page = page_at(mm, va);
		if (*page != NULL)
			get_page(*page);
		else
			err = -EFAULT;
	}
	spin_unlock(&mm->lock);
	return err;
}
