/* SPDX-License-Identifier: MIT */
/*
 * tools/tlbcheck/model.h - the TLB of one CPU with the sizes that real ones have, which counts
 * what it misses.
 *
 * First-level arrays for instructions and for data, one for each page size; a second level
 * for both; and a paging-structure cache for each level of tables above the last.  All are
 * set-associative, replace what was not used for longest, and tag their entries with the
 * PCID, or as global.  Nothing is dropped but for room or when told, and nothing is cached that
 * was not accessed.  docs/tlbmodel.md says where the sizes come from and what is left out.
 *
 * No locks: a CPU's model is touched by the thread of that CPU alone.
 */
#pragma once

#include "guest.h"

#define MODEL_TAGS   4096u
#define MODEL_GLOBAL MODEL_TAGS

enum model_array {
	ITLB_4K,
	ITLB_2M,
	DTLB_4K,
	DTLB_2M,
	DTLB_1G,
	STLB, /* 4 KiB and 2 MiB, instructions and data */
	STLB_1G,
	PDE_CACHE, /* addresses of tables of level 1, and so on */
	PDPTE_CACHE,
	PML4E_CACHE,
	PML5E_CACHE,
	MODEL_ARRAYS,
};

/* Sets are a power of two; .ways = .entries: one set; 0 entries: there is none. */
struct model_shape {
	const char *name;
	unsigned int entries, ways;
	bool hashed; /* the set is chosen by two fields of the page number, not by one */
};

extern struct model_shape model_shapes[MODEL_ARRAYS];

enum model_access {
	MODEL_READ,
	MODEL_WRITE,
	MODEL_FETCH,
	MODEL_ACCESSES,
};

struct model_counts {
	uint64_t accesses[MODEL_ACCESSES];
	uint64_t itlb_misses, dtlb_misses; /* of the first level */
	uint64_t stlb_misses;		   /* of the second: walks */
	uint64_t faults;		   /* walks that ended in a page fault */
	uint64_t walk_refs;		   /* words of tables that walks read */
	uint64_t loads, flushing_loads;	   /* of CR3; of these, those that drop their tag */
	uint64_t page_flushes, tag_flushes, whole_flushes;
};

struct model_entry {
	uint64_t key;
	uint64_t used; /* when; 0: empty */
};

struct model {
	struct model_entry *entries[MODEL_ARRAYS];
	uint64_t now;
	uint64_t last[2]; /* page that data, instructions, accessed last */
	unsigned int tag; /* that is loaded */
	struct model_counts counts;
};

/* Take "NAME" of a shape and "ENTRIES/WAYS", before the first model is made.  False: no. */
bool model_set_shape(const char *name, const char *value);

/* An empty one.  Ends the program if there is no memory. */
struct model *model_make(void);
void model_free(struct model *m);

/* An access to the page of @va.  False: it is in no TLB, and model_fill() must follow. */
bool model_access(struct model *m, enum model_access access, uint64_t va);

/* The walk @way that such an access makes necessary: counted, and cached. */
void model_fill(struct model *m, enum model_access access, const struct walk *way);

/*
 * A page fault with @tag loaded, whose walk was @way.  A fault drops what could have translated
 * the address (SDM vol. 3A, 4.10.4.1).
 */
void model_fault(struct model *m, unsigned int tag, const struct walk *way);

/* A load of CR3; @keep: with bit 63. */
void model_load(struct model *m, unsigned int tag, bool keep);

/* INVLPG; INVPCID of an address, of a tag, of everything. */
void model_flush_page(struct model *m, uint64_t va);
void model_flush_tag_page(struct model *m, unsigned int tag, uint64_t va);
void model_flush_tag(struct model *m, unsigned int tag);
void model_flush_all(struct model *m, bool global);
