/* SPDX-License-Identifier: MIT */
/*
 * tools/tlbcheck/entries.h - what is kept of each CPU's TLB, and of the stores to tables: for
 * tlb.c and fill.c.  A tag's entries die together when its life ends, and are buried when
 * somebody passes by.
 */
#pragma once

#include "tlb.h"

/* Where, for a tag, the table at a place hangs: of its first entry the address, and its level. */
struct where {
	struct where *next;
	uint64_t table, va;
	uint16_t tag;
	uint8_t level;
};

/* Counts all that happens. */
extern uint64_t now_is;

/* CPUs that have loaded CR3: 0 to this. */
extern unsigned int cpus_seen;

/* @memory, which there must be. */
void *must(void *memory);

/* The last store to @place; NULL: none. */
struct change *change_at(uint64_t place);
struct change *change_make(uint64_t place);

/* @c has happened now.  And what happened before it, or last of all (@c NULL); NULL: nothing. */
void change_is_now(struct change *c);
struct change *change_before(struct change *c);

uint64_t key_of(unsigned int tag, unsigned int level, bool leaf, uint64_t va);
struct entry **bucket_of(struct cpu *c, uint64_t key);

/* The first entry of @key that lives, or that after @from; the dead on the way are buried. */
struct entry *entry_next(const struct cpu *c, uint64_t key, struct entry **from);

#define for_each_entry(e, c, key)                                                                  \
	for (e = entry_next(c, key, bucket_of(c, key)); e != NULL; e = entry_next(c, key, &e->next))

/* Do two words of tables mean the same to a walk? */
bool same_entry(uint64_t a, uint64_t b, unsigned int level);

/* All entries of @key. */
void forget(struct cpu *c, uint64_t key);

/* Where @table hangs, by a walk that @tag has seen; NULL: it has seen none. */
const struct where *where_is(const struct cpu *c, unsigned int tag, uint64_t table);

/* All that the walk @way would leave behind. */
void cache_way(struct cpu *c, unsigned int tag, const struct walk *way, uint64_t rip);

static inline uint64_t table_of(uint64_t place)
{
	return place & ~(PAGE_BYTES - 1);
}

/* The whole address of @va, of which a walk of @levels uses the low bits. */
static inline uint64_t address_of(unsigned int levels, uint64_t va)
{
	unsigned int bits = PAGE_BITS + INDEX_BITS * levels;

	return (uint64_t)((int64_t)(va << (64 - bits)) >> (64 - bits));
}

/* --- fill.c: what is cached without being asked for ------------------------------------------ */

/* The user half, which alone is ever flushed but for what a CPU does to its own window. */
void fill_user_half(struct cpu *c);
void fill_address(struct cpu *c, uint64_t va);

/* Tables that are loaded somewhere have changed at @place. */
void fill_change(uint64_t place);
