/* SPDX-License-Identifier: MIT */
/*
 * mm/pgtable.c - see pgtable.h.
 */
#include "arch/x86_64/layout.h"
#include "arch/x86_64/pti.h"
#include "lib/err.h"
#include "lib/string.h"
#include "mm/boot_alloc.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"

static bool use_page_alloc;
static u64 pages;

void pgtable_use_page_alloc(void)
{
	use_page_alloc = true;
}

u64 pgtable_pages(void)
{
	return READ_ONCE(pages);
}

/* 2^order zeroed pages, aligned to their size. */
static paddr_t alloc_tables(u32 order)
{
	u64 size = PAGE_SIZE << order;
	paddr_t pa;

	if (!use_page_alloc) {
		pa = boot_alloc(size, size);
	} else {
		struct page *page = alloc_pages(ZONE_KERNEL, order);

		if (page == NULL)
			return 0;
		pa = page_to_phys(page);
		memset(phys_to_virt(pa), 0, size);
	}
	if (pa != 0)
		__atomic_fetch_add(&pages, 1ul << order, __ATOMIC_RELAXED);
	return pa;
}

paddr_t pgtable_alloc(void)
{
	return alloc_tables(0);
}

paddr_t pgtable_alloc_root(void)
{
	return alloc_tables(pti_pgd_order());
}

static pte_t *table_of(pte_t entry)
{
	return phys_to_virt(pte_address(entry));
}

/*
 * The table below @entry; made, zeroed before it can be seen, if there is none.  @user:
 * PTE_USER if user pages will lie below it, which every level must allow.
 */
static pte_t *next_table(pte_t *entry, pte_t user)
{
	paddr_t pa;

	if (pte_present(*entry))
		return table_of(*entry);
	pa = pgtable_alloc();
	if (pa == 0)
		return NULL;
	__atomic_store_n(entry, pte_table(pa) | user, __ATOMIC_RELEASE);
	return table_of(*entry);
}

/* The largest leaf level that both addresses and the size allow. */
static u32 leaf_level(vaddr_t va, paddr_t pa, u64 size, u32 max_level)
{
	u32 level = max_level;

	while (level > PT_LEVEL_LEAF) {
		u64 bytes = 1ul << pt_shift(level);

		if (IS_ALIGNED(va | pa, bytes) && size >= bytes)
			break;
		level--;
	}
	return level;
}

static int map_leaf(pte_t *table, vaddr_t va, paddr_t pa, pte_t flags, u32 level)
{
	pte_t *entry;

	for (u32 l = PT_LEVEL_TOP; l > level; l--) {
		entry = &table[pt_index(va, l)];
		if (pte_present(*entry) && pte_is_leaf(*entry, l))
			return -EEXIST;
		table = next_table(entry, flags & PTE_USER);
		if (table == NULL)
			return -ENOMEM;
	}
	entry = &table[pt_index(va, level)];
	if (pte_present(*entry))
		return -EEXIST;
	__atomic_store_n(entry,
			 pa | flags | PTE_ACCESSED | PTE_DIRTY |
				 (level > PT_LEVEL_LEAF ? PTE_LARGE : 0),
			 __ATOMIC_RELEASE);
	return 0;
}

pte_t *pgtable_leaf_table(pte_t *root, vaddr_t va)
{
	pte_t *table = root;

	for (u32 l = PT_LEVEL_TOP; l > PT_LEVEL_LEAF && table != NULL; l--) {
		pte_t *entry = &table[pt_index(va, l)];

		if (pte_present(*entry) && pte_is_leaf(*entry, l))
			return NULL;
		table = next_table(entry, 0);
	}
	return table;
}

int pgtable_map(pte_t *root, vaddr_t va, paddr_t pa, u64 size, pte_t flags, u32 max_level)
{
	while (size > 0) {
		u32 level = leaf_level(va, pa, size, max_level);
		u64 bytes = 1ul << pt_shift(level);
		int err = map_leaf(root, va, pa, flags, level);

		if (err)
			return err;
		va += bytes;
		pa += bytes;
		size -= bytes;
	}
	return 0;
}

struct translation pgtable_translate(const pte_t *root, vaddr_t va)
{
	struct translation t = { .write = true, .user = true, .exec = true };
	const pte_t *table = root;

	for (u32 level = PT_LEVEL_TOP; level >= PT_LEVEL_LEAF; level--) {
		pte_t e = READ_ONCE(table[pt_index(va, level)]);

		if (!pte_present(e))
			return (struct translation){ 0 };
		t.write &= (e & PTE_WRITE) != 0;
		t.user &= (e & PTE_USER) != 0;
		t.exec &= (e & PTE_NX) == 0;
		if (pte_is_leaf(e, level)) {
			u64 within = va & ((1ul << pt_shift(level)) - 1);

			t.present = true;
			t.level = level;
			t.leaf = e;
			t.pa = ALIGN_DOWN(pte_address(e), 1ul << pt_shift(level)) + within;
			return t;
		}
		table = table_of(e);
	}
	return t;
}

/* The first level at which the walk for @va stops: the size of the hole it is in. */
static u64 hole_size(const pte_t *root, vaddr_t va)
{
	const pte_t *table = root;
	u32 level = PT_LEVEL_TOP;

	while (level > PT_LEVEL_LEAF && pte_present(table[pt_index(va, level)]))
		table = table_of(table[pt_index(va, level--)]);
	return 1ul << pt_shift(level);
}

void pgtable_visit(const pte_t *root, vaddr_t from, vaddr_t to, pgtable_visit_fn fn, void *arg)
{
	vaddr_t va = from;

	while (va < to) {
		struct translation t = pgtable_translate(root, va);
		u64 size = t.present ? 1ul << pt_shift(t.level) : hole_size(root, va);
		vaddr_t next = ALIGN_DOWN(va, size) + size;

		if (t.present && !fn(arg, va, size, &t))
			return;
		if (next <= va) /* the top of the address space */
			return;
		va = next;
	}
}
