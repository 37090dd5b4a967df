/* SPDX-License-Identifier: MIT */
/*
 * tools/tlbcheck/entries.c - see entries.h.
 */
#include <stdlib.h>

#include "entries.h"

#define BUCKETS	      (1u << 16)
#define WHERE_BUCKETS (1u << 12)
#define KEY_PREFIX    ((1ull << 45) - 1)
#define KEY_TAG	      45
#define KEY_LEVEL     58
#define KEY_LEAF      61

uint64_t now_is;

void *must(void *memory)
{
	if (memory == NULL)
		abort();
	return memory;
}

static size_t hash(uint64_t key, size_t buckets)
{
	return (key * 0x9e3779b97f4a7c15ull >> 32) & (buckets - 1);
}

/* --- changes --------------------------------------------------------------------------- */

#define CHANGE_BUCKETS (1u << 16)

static struct change *changes[CHANGE_BUCKETS];

/* In a ring, by .when: the latest comes first. */
static struct change by_time = { .newer = &by_time, .older = &by_time };

struct change *change_at(uint64_t place)
{
	struct change *c = changes[hash(place, CHANGE_BUCKETS)];

	while (c != NULL && c->place != place)
		c = c->next;
	return c;
}

struct change *change_make(uint64_t place)
{
	struct change **bucket = &changes[hash(place, CHANGE_BUCKETS)], *c = change_at(place);

	if (c != NULL)
		return c;
	c = must(calloc(1, sizeof(*c)));
	c->place = place;
	c->newer = c->older = c;
	c->next = *bucket;
	*bucket = c;
	return c;
}

void change_is_now(struct change *c)
{
	c->newer->older = c->older;
	c->older->newer = c->newer;
	c->older = by_time.older;
	c->newer = &by_time;
	c->older->newer = c;
	by_time.older = c;
	c->when = ++now_is;
}

struct change *change_before(struct change *c)
{
	struct change *before = (c != NULL ? c : &by_time)->older;

	return before != &by_time ? before : NULL;
}

/* --- entries --------------------------------------------------------------------------- */

uint64_t key_of(unsigned int tag, unsigned int level, bool leaf, uint64_t va)
{
	return (va >> level_shift(level) & KEY_PREFIX) | (uint64_t)tag << KEY_TAG |
	       (uint64_t)level << KEY_LEVEL | (uint64_t)leaf << KEY_LEAF;
}

static bool lives(const struct cpu *c, const struct entry *e)
{
	return e->life == (e->leaf ? c->leaf_life[e->tag] : c->table_life[e->tag]);
}

static struct entry *spare_entries;

static struct entry *entry_alloc(void)
{
	struct entry *e = spare_entries;

	if (e == NULL)
		return must(calloc(1, sizeof(*e)));
	spare_entries = e->next;
	return e;
}

struct entry *entry_next(const struct cpu *c, uint64_t key, struct entry **from)
{
	struct entry *e = *from;

	while (e != NULL && (e->key != key || !lives(c, e))) {
		if (lives(c, e)) {
			from = &e->next;
		} else {
			*from = e->next;
			e->next = spare_entries;
			spare_entries = e;
		}
		e = *from;
	}
	return e;
}

struct entry **bucket_of(struct cpu *c, uint64_t key)
{
	if (c->buckets == NULL)
		c->buckets = must(calloc(BUCKETS, sizeof(struct entry *)));
	return &c->buckets[hash(key, BUCKETS)];
}

#define RIGHTS (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_NX)

bool same_entry(uint64_t a, uint64_t b, unsigned int level)
{
	uint64_t bits = PTE_ADDRESS | RIGHTS | (level > 1 ? PTE_LARGE : 0);

	return ((a ^ b) & bits) == 0;
}

static bool same_leaf(const struct walk *a, const struct walk *b)
{
	uint64_t inside = (1ull << level_shift(a->last)) - 1;

	return a->write == b->write && a->user == b->user && a->exec == b->exec &&
	       a->place[a->last] == b->place[b->last] &&
	       ((a->entry[a->last] ^ b->entry[b->last]) & PTE_ADDRESS & ~(inside & ~0xfffull)) == 0;
}

void forget(struct cpu *c, uint64_t key)
{
	struct entry **from = bucket_of(c, key), *e;

	while ((e = *from) != NULL) {
		if (e->key != key && lives(c, e)) {
			from = &e->next;
			continue;
		}
		*from = e->next;
		e->next = spare_entries;
		spare_entries = e;
	}
}

static void where_note(struct cpu *c, unsigned int tag, uint64_t table, unsigned int level,
		       uint64_t va)
{
	struct where **bucket, *w;

	if (c->where == NULL)
		c->where = must(calloc(WHERE_BUCKETS, sizeof(struct where *)));
	bucket = &c->where[hash(table ^ tag, WHERE_BUCKETS)];
	for (w = *bucket; w != NULL && (w->table != table || w->tag != tag); w = w->next)
		;
	if (w == NULL) {
		w = must(malloc(sizeof(*w)));
		*w = (struct where){ .next = *bucket, .table = table, .tag = (uint16_t)tag };
		*bucket = w;
	}
	w->level = (uint8_t)level;
	w->va = va & ~((1ull << level_shift(level + 1)) - 1);
}

const struct where *where_is(const struct cpu *c, unsigned int tag, uint64_t table)
{
	const struct where *w = NULL;

	if (c->where != NULL)
		w = c->where[hash(table ^ tag, WHERE_BUCKETS)];
	while (w != NULL && (w->table != table || w->tag != tag))
		w = w->next;
	return w;
}

static void cache(struct cpu *c, unsigned int tag, const struct walk *way, unsigned int level,
		  uint64_t rip)
{
	bool leaf = level == way->last;
	uint64_t key;
	struct entry *e;

	if (leaf && (way->entry[level] & PTE_GLOBAL))
		tag = TAG_GLOBAL;
	key = key_of(tag, level, leaf, way->va);
	for_each_entry (e, c, key)
		if (leaf ? same_leaf(&e->way, way)
			 : same_entry(e->way.entry[level], way->entry[level], level))
			return;
	e = entry_alloc();
	*e = (struct entry){ .next = *bucket_of(c, key),
			     .key = key,
			     .when = ++now_is,
			     .rip = rip,
			     .way = *way,
			     .life = leaf ? c->leaf_life[tag] : c->table_life[tag],
			     .tag = (uint16_t)tag,
			     .level = (uint8_t)level,
			     .leaf = leaf };
	*bucket_of(c, key) = e;
}

void cache_way(struct cpu *c, unsigned int tag, const struct walk *way, uint64_t rip)
{
	for (unsigned int level = way->top; level > way->last; level--)
		cache(c, tag, way, level, rip);
	for (unsigned int level = way->top; level >= way->last; level--)
		if (way->place[level] != NOWHERE)
			where_note(c, tag, table_of(way->place[level]), level, way->va);
	if (way->present)
		cache(c, tag, way, way->last, rip);
}
