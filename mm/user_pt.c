/* SPDX-License-Identifier: MIT */
/*
 * mm/user_pt.c - see user_pt.h.
 */
#include "arch/x86_64/tlb_mailbox.h"
#include "lib/assert.h"
#include "lib/err.h"
#include "lib/string.h"
#include "mm/flush.h"
#include "mm/page_alloc.h"
#include "mm/pgd.h"
#include "mm/user_pt.h"

/* --- gathering ------------------------------------------------------------------------ */

void gather_begin(struct gather *g, struct mm *mm)
{
	g->mm = mm;
	g->start = USER_END;
	g->end = 0;
	g->stride = 0;
	g->freed_tables = false;
	g->n = 0;
}

/* The checker cannot know that @g->mm is the mm whose lock the caller holds. */
NO_LOCK_CHECK void gather_finish(struct gather *g)
{
	if (g->stride != 0)
		flush_range(g->mm, g->start, g->end, g->freed_tables ? FLUSH_WHOLE : g->stride);
	for (u32 i = 0; i < g->n; i++) {
		if (g->freed_tables)
			tlb_announce_free_tables(page_to_phys(g->runs[i].first), 0);
		put_page_run(g->runs[i].first, g->runs[i].order);
	}
	gather_begin(g, g->mm);
}

/* @size: of the smallest leaf below the entry that was changed. */
static void gather_add(struct gather *g, vaddr_t start, vaddr_t end, u64 size)
{
	g->start = MIN(g->start, start);
	g->end = MAX(g->end, end);
	g->stride = g->stride == 0 ? size : MIN(g->stride, size);
}

static void gather_run(struct gather *g, struct page *first, unsigned order)
{
	g->runs[g->n].first = first;
	g->runs[g->n].order = order;
	if (++g->n == GATHER_MAX)
		gather_finish(g);
}

void gather_leaf(struct gather *g, vaddr_t va, u32 level, struct page *first)
{
	gather_add(g, va, va + leaf_size(level), leaf_size(level));
	if (first != NULL)
		gather_run(g, first, leaf_order(level));
}

/* --- tables ----------------------------------------------------------------------------- */

static pte_t *table_of(pte_t entry)
{
	return phys_to_virt(pte_address(entry));
}

/* How many entries of @table are present; not kept for a reference. */
static u64 *entries_in(const pte_t *table)
{
	return &virt_to_page(table)->private[0];
}

static bool is_leaf(pte_t entry, u32 level)
{
	return pte_present(entry) && pte_is_leaf(entry, level);
}

struct page *user_pt_page(pte_t leaf)
{
	return leaf & PTE_FOREIGN ? NULL : phys_to_page(pte_address(leaf));
}

/* A zeroed page for a table, charged, but not counted yet.  NULL: out of memory. */
static pte_t *alloc_table(struct mm *mm) REQUIRES(mm->lock)
{
	struct page *page;

	if (!mm_charge(mm, 1))
		return NULL;
	page = alloc_page(ZONE_KERNEL);
	if (page == NULL) {
		mm_uncharge(mm, 1);
		return NULL;
	}
	memset(page_address(page), 0, PAGE_SIZE);
	page->private[0] = 0;
	return page_address(page);
}

/* Hang @table, ready for walks, into @entry. */
static void hang_table(struct mm *mm, pte_t *entry, const pte_t *table) REQUIRES(mm->lock)
{
	mm->table_pages++;
	shared_store(entry, pte_table(virt_to_phys(table)) | PTE_USER); /* after its contents */
}

/* Hang a new, empty table into @entry of @parent at @level. */
static pte_t *make_table(struct mm *mm, pte_t *parent, pte_t *entry, u32 level) REQUIRES(mm->lock)
{
	pte_t *table = alloc_table(mm);

	if (table == NULL)
		return NULL;
	if (level == PT_LEVEL_TOP) {
		u32 i = (u32)(entry - parent);

		/* Bit before entry, so that `present` has all that any PGD may have copied. */
		entry_set_add(&mm->present, i);
		mm->table_pages++;
		pgd_set_reference(parent, i, pte_table(virt_to_phys(table)) | PTE_USER);
	} else {
		(*entries_in(parent))++;
		hang_table(mm, entry, table);
	}
	return table;
}

pte_t *user_pt_find(struct mm *mm, vaddr_t va, u32 *level)
{
	pte_t *table = mm->reference;

	for (*level = PT_LEVEL_TOP; *level > PT_LEVEL_LEAF; (*level)--) {
		pte_t *entry = &table[pt_index(va, *level)];

		if (!pte_present(*entry))
			return NULL;
		if (is_leaf(*entry, *level))
			return entry;
		table = table_of(*entry);
	}
	return &table[pt_index(va, PT_LEVEL_LEAF)];
}

pte_t *user_pt_make(struct mm *mm, vaddr_t va, u32 *level)
{
	const struct leaf_table *last = user_pt_last(mm, va);
	u32 largest = *level, l;
	pte_t *table = mm->reference;

	if (last != NULL) {
		*level = PT_LEVEL_LEAF;
		return &last->table[pt_index(va, PT_LEVEL_LEAF)];
	}
	for (l = PT_LEVEL_TOP; l > PT_LEVEL_LEAF; l--) {
		pte_t *entry = &table[pt_index(va, l)], e = *entry;

		if (likely((e & (PTE_PRESENT | PTE_LARGE)) == PTE_PRESENT)) {
			table = table_of(e);
			continue;
		}
		*level = l;
		if (l <= largest || pte_present(e))
			return entry;
		table = make_table(mm, table, entry, l);
		if (table == NULL)
			return NULL;
	}
	*level = PT_LEVEL_LEAF;
	mm->last = (struct leaf_table){ va / LARGE_PAGE_SIZE + 1, table, entries_in(table) };
	return &table[pt_index(va, PT_LEVEL_LEAF)];
}

void user_pt_set(struct mm *mm, pte_t *entry, u32 level, pte_t value)
{
	pte_t *table = (pte_t *)ALIGN_DOWN((vaddr_t)entry, PAGE_SIZE);

	DEBUG_ASSERT(level <= PT_LEVEL_USER_MAX && !(value & PTE_LARGE) == (level == PT_LEVEL_LEAF),
		     "leaf %#lx at level %u", value, level);
	if (!pte_present(*entry)) {
		mm->pages += BIT(leaf_order(level));
		(*entries_in(table))++;
	}
	shared_store(entry, value);
}

/* Bits that the CPU sets meanwhile go with the entry. */
static pte_t take_out(pte_t *table, u32 i)
{
	(*entries_in(table))--;
	return shared_xchg(&table[i], 0);
}

/* --- splitting ---------------------------------------------------------------------------- */

/* The same frames and rights as @large, by leaves of 4 KiB. */
static void fill_with_parts(pte_t *table, pte_t large)
{
	for (u32 i = 0; i < PT_ENTRIES; i++)
		table[i] = (large & ~PTE_LARGE) + i * PAGE_SIZE;
	*entries_in(table) = PT_ENTRIES;
}

int user_pt_split(struct mm *mm, vaddr_t va)
{
	vaddr_t start = ALIGN_DOWN(va, LARGE_PAGE_SIZE);
	pte_t *entry, *table, large;
	u32 level;

	entry = user_pt_find(mm, va, &level);
	if (entry == NULL || level == PT_LEVEL_LEAF)
		return 0;
	table = alloc_table(mm);
	if (table == NULL)
		return -ENOMEM;
	large = shared_xchg(entry, 0);
	flush_range(mm, start, start + LARGE_PAGE_SIZE, LARGE_PAGE_SIZE);
	fill_with_parts(table, large);
	hang_table(mm, entry, table);
	return 0;
}

int user_pt_split_ends(struct mm *mm, vaddr_t start, vaddr_t end)
{
	int err = 0;

	if (!IS_ALIGNED(start, LARGE_PAGE_SIZE))
		err = user_pt_split(mm, start);
	if (!err && !IS_ALIGNED(end, LARGE_PAGE_SIZE))
		err = user_pt_split(mm, end);
	return err;
}

/* --- taking out, visiting ------------------------------------------------------------------- */

static void zap_leaf(struct mm *mm, pte_t *table, u32 level, vaddr_t va, struct gather *g)
	REQUIRES(mm->lock)
{
	pte_t leaf = take_out(table, pt_index(va, level));

	mm->pages -= BIT(leaf_order(level));
	if (leaf_is_charged(leaf))
		mm_uncharge(mm, BIT(leaf_order(level)));
	gather_leaf(g, va, level, user_pt_page(leaf));
}

/* The table in @table[@i], which maps [start, end) and nothing else, is empty. */
static void zap_table(struct mm *mm, pte_t *table, u32 i, vaddr_t start, vaddr_t end,
		      struct gather *g) REQUIRES(mm->lock)
{
	pte_t *child = table_of(take_out(table, i));

	if (mm->last.table == child)
		mm->last.place = 0;
	mm->table_pages--;
	mm_uncharge(mm, 1);
	g->freed_tables = true;
	gather_add(g, start, end, PAGE_SIZE);
	gather_run(g, virt_to_page(child), 0);
}

static void check_covered(vaddr_t va, vaddr_t next, u32 level)
{
	DEBUG_ASSERT(level == PT_LEVEL_LEAF || next - va == leaf_size(level),
		     "a leaf of level %u crosses the end of %#lx to %#lx", level, va, next);
}

/* [start, end) lies below @table, which is at @level. */
static void zap_level(struct mm *mm, pte_t *table, u32 level, vaddr_t start, vaddr_t end,
		      struct gather *g) REQUIRES(mm->lock)
{
	u64 size = 1ul << pt_shift(level);
	vaddr_t next;

	for (vaddr_t va = start; va < end; va = next) {
		u32 i = pt_index(va, level);
		pte_t *child;

		next = MIN(ALIGN_DOWN(va, size) + size, end);
		if (!pte_present(table[i]))
			continue;
		if (is_leaf(table[i], level)) {
			check_covered(va, next, level);
			zap_leaf(mm, table, level, va, g);
			continue;
		}
		child = table_of(table[i]);
		zap_level(mm, child, level - 1, va, next, g);
		if (level != PT_LEVEL_TOP && *entries_in(child) == 0)
			zap_table(mm, table, i, va, next, g);
	}
}

void user_pt_zap(struct mm *mm, vaddr_t start, vaddr_t end, struct gather *g)
{
	zap_level(mm, mm->reference, PT_LEVEL_TOP, start, end, g);
}

static int visit_level(pte_t *table, u32 level, vaddr_t start, vaddr_t end, user_pt_fn fn,
		       void *arg)
{
	u64 size = 1ul << pt_shift(level);
	int err = 0;
	vaddr_t next;

	for (vaddr_t va = start; va < end && !err; va = next) {
		pte_t *entry = &table[pt_index(va, level)];

		next = MIN(ALIGN_DOWN(va, size) + size, end);
		if (!pte_present(*entry))
			continue;
		if (is_leaf(*entry, level)) {
			check_covered(va, next, level);
			err = fn(arg, va, entry, level);
		} else {
			err = visit_level(table_of(*entry), level - 1, va, next, fn, arg);
		}
	}
	return err;
}

int user_pt_visit(struct mm *mm, vaddr_t start, vaddr_t end, user_pt_fn fn, void *arg)
{
	return visit_level(mm->reference, PT_LEVEL_TOP, start, end, fn, arg);
}

/* --- the end ------------------------------------------------------------------------------ */

static void destroy_entry(pte_t entry, u32 level);

/* It knows how many entries it has left to find: most tables have few. */
static void destroy_table(pte_t *table, u32 level)
{
	u64 left = *entries_in(table);

	for (u32 i = 0; left > 0; i++)
		if (pte_present(table[i])) {
			destroy_entry(table[i], level);
			left--;
		}
	tlb_announce_free_tables(virt_to_phys(table), 0);
	free_page(virt_to_page(table));
}

static void destroy_entry(pte_t entry, u32 level)
{
	if (!is_leaf(entry, level))
		destroy_table(table_of(entry), level - 1);
	else if (user_pt_page(entry) != NULL)
		put_page_run(user_pt_page(entry), leaf_order(level));
}

void user_pt_destroy(struct mm *mm)
{
	u32 i;

	for_each_entry (i, &mm->present)
		destroy_entry(mm->reference[i], PT_LEVEL_TOP);
	pgd_free_reference(mm->reference);
}
