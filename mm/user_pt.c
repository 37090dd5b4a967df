/* SPDX-License-Identifier: MIT */
/*
 * mm/user_pt.c - see user_pt.h.
 */
#include "lib/assert.h"
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
	g->changed = false;
	g->freed_tables = false;
	g->n = 0;
}

void gather_finish(struct gather *g)
{
	if (g->changed)
		flush_range(g->mm, g->start, g->end, g->freed_tables);
	for (u32 i = 0; i < g->n; i++)
		put_page(g->pages[i]);
	gather_begin(g, g->mm);
}

static void gather_add(struct gather *g, vaddr_t start, vaddr_t end, struct page *page)
{
	g->start = MIN(g->start, start);
	g->end = MAX(g->end, end);
	g->changed = true;
	if (page == NULL)
		return;
	g->pages[g->n++] = page;
	if (g->n == GATHER_MAX)
		gather_finish(g);
}

void gather_page(struct gather *g, vaddr_t va, struct page *page)
{
	gather_add(g, va, va + PAGE_SIZE, page);
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

struct page *user_pt_page(pte_t leaf)
{
	return leaf & PTE_FOREIGN ? NULL : phys_to_page(pte_address(leaf));
}

/* Hang a new, empty table into @entry of @parent at @level. */
static pte_t *make_table(struct mm *mm, pte_t *parent, pte_t *entry, u32 level)
{
	struct page *page = alloc_page(ZONE_KERNEL);
	pte_t new;

	if (page == NULL)
		return NULL;
	memset(page_address(page), 0, PAGE_SIZE);
	page->private[0] = 0;
	mm->table_pages++;
	new = pte_table(page_to_phys(page)) | PTE_USER;
	if (level == PT_LEVEL_TOP) {
		u32 i = (u32)(entry - parent);

		/* Bit before entry, so that `present` has all that any PGD may have copied. */
		entry_set_add(&mm->present, i);
		pgd_set_reference(parent, i, new);
	} else {
		(*entries_in(parent))++;
		shared_store(entry, new); /* after the zeroes */
	}
	return page_address(page);
}

pte_t *user_pt_find(struct mm *mm, vaddr_t va)
{
	pte_t *table = mm->reference;

	for (u32 level = PT_LEVEL_TOP; level > PT_LEVEL_LEAF; level--) {
		pte_t entry = table[pt_index(va, level)];

		if (!pte_present(entry))
			return NULL;
		table = table_of(entry);
	}
	return &table[pt_index(va, PT_LEVEL_LEAF)];
}

pte_t *user_pt_make(struct mm *mm, vaddr_t va)
{
	pte_t *table = mm->reference;

	for (u32 level = PT_LEVEL_TOP; level > PT_LEVEL_LEAF; level--) {
		pte_t *entry = &table[pt_index(va, level)];

		table = pte_present(*entry) ? table_of(*entry)
					    : make_table(mm, table, entry, level);
		if (table == NULL)
			return NULL;
	}
	return &table[pt_index(va, PT_LEVEL_LEAF)];
}

void user_pt_set(struct mm *mm, pte_t *entry, pte_t value)
{
	pte_t *table = (pte_t *)ALIGN_DOWN((vaddr_t)entry, PAGE_SIZE);

	if (!pte_present(*entry)) {
		mm->pages++;
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

static void zap_leaf(struct mm *mm, pte_t *table, vaddr_t va, struct gather *g)
{
	u32 i = pt_index(va, PT_LEVEL_LEAF);

	if (!pte_present(table[i]))
		return;
	mm->pages--;
	gather_page(g, va, user_pt_page(take_out(table, i)));
}

/* [start, end) lies below @table, which is at @level. */
static void zap_level(struct mm *mm, pte_t *table, u32 level, vaddr_t start, vaddr_t end,
		      struct gather *g)
{
	u64 size = 1ul << pt_shift(level);
	vaddr_t next;

	for (vaddr_t va = start; va < end; va = next) {
		u32 i = pt_index(va, level);
		pte_t *child;

		next = MIN(ALIGN_DOWN(va, size) + size, end);
		if (level == PT_LEVEL_LEAF) {
			zap_leaf(mm, table, va, g);
			continue;
		}
		if (!pte_present(table[i]))
			continue;
		child = table_of(table[i]);
		zap_level(mm, child, level - 1, va, next, g);
		if (level == PT_LEVEL_TOP || *entries_in(child) != 0)
			continue;
		take_out(table, i);
		mm->table_pages--;
		g->freed_tables = true;
		gather_add(g, va, next, virt_to_page(child));
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
		if (level == PT_LEVEL_LEAF)
			err = fn(arg, va, entry);
		else
			err = visit_level(table_of(*entry), level - 1, va, next, fn, arg);
	}
	return err;
}

int user_pt_visit(struct mm *mm, vaddr_t start, vaddr_t end, user_pt_fn fn, void *arg)
{
	return visit_level(mm->reference, PT_LEVEL_TOP, start, end, fn, arg);
}

/* --- the end ------------------------------------------------------------------------------ */

static void destroy_level(pte_t *table, u32 level)
{
	u32 count = level == PT_LEVEL_TOP ? USER_ENTRIES : PT_ENTRIES;

	for (u32 i = 0; i < count; i++) {
		if (!pte_present(table[i]))
			continue;
		if (level > PT_LEVEL_LEAF)
			destroy_level(table_of(table[i]), level - 1);
		else if (user_pt_page(table[i]) != NULL)
			put_page(user_pt_page(table[i]));
	}
	if (level == PT_LEVEL_TOP)
		pgd_free_reference(table);
	else
		free_page(virt_to_page(table));
}

void user_pt_destroy(struct mm *mm)
{
	destroy_level(mm->reference, PT_LEVEL_TOP);
}
