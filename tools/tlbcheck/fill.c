/* SPDX-License-Identifier: MIT */
/*
 * tools/tlbcheck/fill.c - fill=all: a CPU may cache what is mapped below the root it has loaded,
 * used or not.  The user half is filled when a root is loaded, and when its tables change.
 */
#include "entries.h"

/* All that is mapped below @table, whose first entry is for @va. */
static void fill_below(struct cpu *c, unsigned int tag, uint64_t root, uint64_t table,
		       unsigned int level, uint64_t va, unsigned int slots)
{
	uint64_t place = guest_place(table);
	struct walk way;

	if (place == NOWHERE)
		return;
	for (unsigned int i = 0; i < slots; i++) {
		uint64_t entry = guest_read(place + 8 * i);
		uint64_t at = va + ((uint64_t)i << level_shift(level));

		if (!(entry & PTE_PRESENT))
			continue;
		if (!is_leaf(entry, level)) {
			fill_below(c, tag, root, entry & PTE_ADDRESS, level - 1, at, TABLE_SLOTS);
			continue;
		}
		guest_walk(&way, root, c->levels, at);
		if (way.present)
			cache_way(c, tag, &way, 0);
	}
}

void fill_user_half(struct cpu *c)
{
	fill_below(c, c->tag, c->root, c->root, c->levels, 0, TABLE_SLOTS / 2);
}

void fill_address(struct cpu *c, uint64_t va)
{
	struct walk way;

	guest_walk(&way, c->root, c->levels, va);
	if (way.present)
		cache_way(c, c->tag, &way, 0);
}

void fill_change(uint64_t place)
{
	uint64_t table = table_of(place), entry = guest_read(place);

	if (!(entry & PTE_PRESENT))
		return;
	for (unsigned int cpu = 0; cpu < cpus_seen; cpu++) {
		struct cpu *c = &cpus[cpu];
		const struct where *w = c->armed ? where_is(c, c->tag, table) : NULL;
		uint64_t va;
		struct walk way;

		if (w == NULL)
			continue;
		va = address_of(c->levels,
				w->va + ((place & (PAGE_BYTES - 1)) / 8 << level_shift(w->level)));
		if (va >> 63 != 0)
			continue;
		guest_walk(&way, c->root, c->levels, va);
		if (way.last > w->level || way.place[w->level] != place)
			continue; /* it no longer hangs there */
		if (is_leaf(entry, w->level))
			fill_address(c, va);
		else
			fill_below(c, c->tag, c->root, entry & PTE_ADDRESS, w->level - 1u, va,
				   TABLE_SLOTS);
	}
}
