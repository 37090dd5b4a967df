/* SPDX-License-Identifier: MIT */
/*
 * tools/tlbcheck/model.c - see model.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

#define KEY_PAGE  ((1ull << 45) - 1)
#define KEY_TAG	  45
#define KEY_TAGS  (0x1fffull << KEY_TAG)
#define KEY_LEVEL 58
#define LEVEL_4K  1
#define LEVEL_2M  2
#define LEVEL_1G  3
#define FIRST_PSC 2 /* level of what the PDE cache holds */
#define NO_PAGE	  (~0ull)
#define DATA	  0
#define CODE	  1

/*
 * TLBs: Intel's Optimization Reference Manual (248966), table "TLB Parameters of the Skylake
 * Client Microarchitecture"; one thread has the ITLB to itself.  The hash of the second level:
 * Gras et al., "Translation Leak-aside Buffer", USENIX Security 2018.  Paging-structure caches:
 * Intel publishes none; of the order that van Schaik et al., "Reverse Engineering Hardware
 * Page Table Caches", 2017, measured.
 */
struct model_shape model_shapes[MODEL_ARRAYS] = {
	[ITLB_4K] = { "itlb4k", 128, 8, false },  [ITLB_2M] = { "itlb2m", 8, 8, false },
	[DTLB_4K] = { "dtlb4k", 64, 4, false },	  [DTLB_2M] = { "dtlb2m", 32, 4, false },
	[DTLB_1G] = { "dtlb1g", 4, 4, false },	  [STLB] = { "stlb", 1536, 12, true },
	[STLB_1G] = { "stlb1g", 16, 4, false },	  [PDE_CACHE] = { "pde", 32, 4, false },
	[PDPTE_CACHE] = { "pdpte", 4, 4, false }, [PML4E_CACHE] = { "pml4e", 4, 4, false },
	[PML5E_CACHE] = { "pml5e", 4, 4, false },
};

static unsigned int sets_of(const struct model_shape *shape)
{
	return shape->entries / shape->ways;
}

bool model_set_shape(const char *name, const char *value)
{
	struct model_shape new = { 0 };
	unsigned int i, sets;
	char after;

	for (i = 0; i < MODEL_ARRAYS && strcmp(name, model_shapes[i].name) != 0; i++)
		;
	if (i == MODEL_ARRAYS || sscanf(value, "%u/%u%c", &new.entries, &new.ways, &after) != 2 ||
	    new.ways == 0 || new.entries % new.ways != 0)
		return false;
	sets = sets_of(&new);
	if ((sets & (sets - 1)) != 0)
		return false;
	model_shapes[i].entries = new.entries;
	model_shapes[i].ways = new.ways;
	return true;
}

struct model *model_make(void)
{
	struct model *m = calloc(1, sizeof(*m));

	for (unsigned int i = 0; m != NULL && i < MODEL_ARRAYS; i++) {
		m->entries[i] = calloc(model_shapes[i].entries + 1, sizeof(struct model_entry));
		if (m->entries[i] == NULL)
			abort();
	}
	if (m == NULL)
		abort();
	m->last[DATA] = m->last[CODE] = NO_PAGE;
	return m;
}

void model_free(struct model *m)
{
	for (unsigned int i = 0; i < MODEL_ARRAYS; i++)
		free(m->entries[i]);
	free(m);
}

/* --- one array ----------------------------------------------------------------------------- */

static uint64_t key_for(unsigned int tag, unsigned int level, uint64_t va)
{
	return (va >> level_shift(level) & (KEY_PAGE >> INDEX_BITS * (level - 1))) |
	       (uint64_t)tag << KEY_TAG | (uint64_t)level << KEY_LEVEL;
}

/* The tag is not part of what chooses the set. */
static struct model_entry *set_of(struct model *m, enum model_array a, uint64_t key)
{
	const struct model_shape *shape = &model_shapes[a];
	unsigned int sets = sets_of(shape);
	uint64_t page = key & KEY_PAGE;

	if (shape->hashed)
		page ^= page / sets;
	return m->entries[a] + (page & (sets - 1)) * shape->ways;
}

static struct model_entry *find(struct model *m, enum model_array a, uint64_t key)
{
	struct model_entry *set;

	if (model_shapes[a].entries == 0)
		return NULL;
	set = set_of(m, a, key);
	for (unsigned int i = 0; i < model_shapes[a].ways; i++)
		if (set[i].used != 0 && set[i].key == key)
			return &set[i];
	return NULL;
}

static bool use(struct model *m, enum model_array a, uint64_t key)
{
	struct model_entry *e = find(m, a, key);

	if (e != NULL)
		e->used = ++m->now;
	return e != NULL;
}

/* In place of what was not used for longest; an empty one was never used. */
static void insert(struct model *m, enum model_array a, uint64_t key)
{
	struct model_entry *set, *victim;

	if (model_shapes[a].entries == 0 || use(m, a, key))
		return;
	victim = set = set_of(m, a, key);
	for (unsigned int i = 1; i < model_shapes[a].ways; i++)
		if (set[i].used < victim->used)
			victim = &set[i];
	*victim = (struct model_entry){ .key = key, .used = ++m->now };
}

static void forget(struct model *m, enum model_array a, uint64_t key)
{
	struct model_entry *e = find(m, a, key);

	if (e != NULL)
		e->used = 0;
}

/* Those of @a of tag @tag. */
static void forget_tag(struct model *m, enum model_array a, unsigned int tag)
{
	for (unsigned int i = 0; i < model_shapes[a].entries; i++)
		if ((m->entries[a][i].key & KEY_TAGS) == (uint64_t)tag << KEY_TAG)
			m->entries[a][i].used = 0;
}

/* --- accesses ------------------------------------------------------------------------------ */

/* There is no ITLB for 1 GiB: it gets pieces of 2 MiB. */
static unsigned int first_level(bool code, unsigned int level, enum model_array *a)
{
	if (code && level > LEVEL_2M)
		level = LEVEL_2M;
	*a = (enum model_array)((code ? ITLB_4K : DTLB_4K) + level - LEVEL_4K);
	return level;
}

static enum model_array second_level(unsigned int level)
{
	return level == LEVEL_1G ? STLB_1G : STLB;
}

static bool look_in_first(struct model *m, bool code, unsigned int tag, uint64_t va)
{
	enum model_array a;

	for (unsigned int level = LEVEL_4K; level <= (code ? LEVEL_2M : LEVEL_1G); level++) {
		first_level(code, level, &a);
		if (use(m, a, key_for(tag, level, va)))
			return true;
	}
	return false;
}

static void insert_first(struct model *m, bool code, unsigned int tag, unsigned int level,
			 uint64_t va)
{
	enum model_array a;

	level = first_level(code, level, &a);
	insert(m, a, key_for(tag, level, va));
}

static bool look_in_second(struct model *m, bool code, unsigned int tag, uint64_t va)
{
	for (unsigned int level = LEVEL_4K; level <= LEVEL_1G; level++)
		if (use(m, second_level(level), key_for(tag, level, va))) {
			insert_first(m, code, tag, level, va);
			return true;
		}
	return false;
}

bool model_access(struct model *m, enum model_access access, uint64_t va)
{
	bool code = access == MODEL_FETCH;

	m->counts.accesses[access]++;
	if (m->last[code] == va >> PAGE_BITS)
		return true; /* the last one used: again changes no order */
	m->last[code] = va >> PAGE_BITS;
	if (look_in_first(m, code, m->tag, va) || look_in_first(m, code, MODEL_GLOBAL, va))
		return true;
	if (code)
		m->counts.itlb_misses++;
	else
		m->counts.dtlb_misses++;
	if (look_in_second(m, code, m->tag, va) || look_in_second(m, code, MODEL_GLOBAL, va))
		return true;
	m->counts.stlb_misses++;
	return false;
}

static enum model_array cache_of(unsigned int level)
{
	return (enum model_array)(PDE_CACHE + level - FIRST_PSC);
}

/* From the lowest table that is cached down, or from the root, which CR3 names. */
static void walk(struct model *m, unsigned int tag, const struct walk *way)
{
	unsigned int from = way->last + 1u;

	while (from <= way->top && !use(m, cache_of(from), key_for(tag, from, way->va)))
		from++;
	m->counts.walk_refs += from - way->last;
	while (--from > way->last)
		insert(m, cache_of(from), key_for(tag, from, way->va));
}

void model_fill(struct model *m, enum model_access access, const struct walk *way)
{
	bool code = access == MODEL_FETCH;
	unsigned int tag = m->tag;

	walk(m, tag, way);
	if (!way->present) {
		m->last[code] = NO_PAGE; /* taken away since the access */
		return;
	}
	if (way->entry[way->last] & PTE_GLOBAL)
		tag = MODEL_GLOBAL;
	insert(m, second_level(way->last), key_for(tag, way->last, way->va));
	insert_first(m, code, tag, way->last, way->va);
}

/* --- what is dropped ------------------------------------------------------------------------ */

static void forget_last(struct model *m)
{
	m->last[DATA] = m->last[CODE] = NO_PAGE;
}

static void forget_page(struct model *m, unsigned int tag, uint64_t va)
{
	forget_last(m);
	for (unsigned int level = LEVEL_4K; level <= LEVEL_1G; level++) {
		uint64_t key = key_for(tag, level, va);

		for (enum model_array a = ITLB_4K; a < PDE_CACHE; a++)
			forget(m, a, key);
	}
	if (tag == MODEL_GLOBAL)
		return; /* tables are never cached as global */
	for (unsigned int level = FIRST_PSC; level <= LEVELS_MAX; level++)
		forget(m, cache_of(level), key_for(tag, level, va));
}

static void forget_all_of(struct model *m, unsigned int tag)
{
	forget_last(m);
	for (enum model_array a = ITLB_4K; a < MODEL_ARRAYS; a++)
		forget_tag(m, a, tag);
}

void model_fault(struct model *m, unsigned int tag, const struct walk *way)
{
	m->counts.faults++;
	walk(m, tag, way);
	forget_page(m, tag, way->va);
	forget_page(m, MODEL_GLOBAL, way->va);
}

void model_load(struct model *m, unsigned int tag, bool keep)
{
	m->counts.loads++;
	m->tag = tag;
	forget_last(m);
	if (keep)
		return;
	m->counts.flushing_loads++;
	forget_all_of(m, tag);
}

/* INVLPG drops all that the tag's paging-structure caches hold (SDM vol. 3A, 4.10.4.1). */
void model_flush_page(struct model *m, uint64_t va)
{
	m->counts.page_flushes++;
	forget_page(m, m->tag, va);
	forget_page(m, MODEL_GLOBAL, va);
	for (enum model_array a = PDE_CACHE; a < MODEL_ARRAYS; a++)
		forget_tag(m, a, m->tag);
}

void model_flush_tag_page(struct model *m, unsigned int tag, uint64_t va)
{
	m->counts.page_flushes++;
	forget_page(m, tag, va);
}

void model_flush_tag(struct model *m, unsigned int tag)
{
	m->counts.tag_flushes++;
	forget_all_of(m, tag);
}

void model_flush_all(struct model *m, bool global)
{
	m->counts.whole_flushes++;
	forget_last(m);
	for (enum model_array a = ITLB_4K; a < MODEL_ARRAYS; a++)
		for (unsigned int i = 0; i < model_shapes[a].entries; i++)
			if (global || (m->entries[a][i].key & KEY_TAGS) >> KEY_TAG != MODEL_GLOBAL)
				m->entries[a][i].used = 0;
}
