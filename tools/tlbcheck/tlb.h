/* SPDX-License-Identifier: MIT */
/*
 * tools/tlbcheck/tlb.h - all that the TLBs of CPUs could hold, which drop nothing unasked.
 *
 * An entry is a way through the tables as it was once: a translation, or (paging-structure
 * cache) the address of a table.  It lives until its tag, or its page, is flushed.  It is
 * stale when the tables say something else by now: then there was a store to a table, which
 * the list of changes knows, with the CPU that did it.  That CPU may go on until it says that
 * its changes are flushed (DONE); only the CPU itself may not use what it changed.
 *
 * One lock for all of it, tlb_lock: held by who calls anything here.
 */
#pragma once

#include <pthread.h>

#include "guest.h"

#define CPUS_MAX   256
#define TAGS	   4096u
#define TAG_GLOBAL TAGS

enum access {
	ACCESS_READ,
	ACCESS_WRITE,
	ACCESS_FETCH,
};

/* A store to a table: the last one to its place. */
struct change {
	struct change *next, *newer, *older;
	uint64_t place;
	uint64_t when;
	uint64_t rip;
	uint64_t done; /* of .cpu, when it did it */
	uint64_t callers[BACKTRACE_MAX];
	uint16_t cpu;
	uint8_t depth; /* of callers */
};

struct entry {
	struct entry *next;
	uint64_t key;
	uint64_t when; /* it was cached */
	uint64_t rip;  /* by which access; 0: by none */
	struct walk way;
	uint32_t life; /* of the tag: another one means that this is gone */
	uint16_t tag;
	uint8_t level;
	bool leaf;
};

struct cpu {
	bool armed;
	uint8_t levels;
	uint16_t tag, tag_before;
	uint64_t root, root_before;
	uint64_t rsp;  /* nearly */
	uint64_t done; /* how often it said so */
	uint64_t local_epoch;
	struct entry **buckets;
	uint32_t leaf_life[TAGS + 1]; /* the last: global entries' */
	uint32_t table_life[TAGS];
	uint64_t audited[TAGS]; /* of changes before, nothing stale is in the tag */
	struct where **where;	/* tables by tag and place */
	struct change **open;	/* changes that it has not said to be flushed */
	size_t open_count, open_room;
} __attribute__((aligned(64)));

extern struct cpu cpus[CPUS_MAX];
extern pthread_mutex_t tlb_lock;
extern bool fill_all; /* all that is mapped is cached, used or not */

/* Raised by each store to a table: what was compared with the tables before must be again. */
extern uint64_t epoch;

/* A stale entry that @cpu could use: what is told.  @change: NULL if the root was changed. */
enum finding {
	FOUND_TRANSLATION, /* another page than the tables name */
	FOUND_RIGHTS,	   /* a fault that would not have come */
	FOUND_TABLE,	   /* a walk through a table that hangs there no longer */
	FOUND_AFTER_FLUSH, /* the changer says that all is flushed */
	FOUND_FREED,	   /* a table is freed that a walk could still go through */
	FOUND_KEPT,	   /* a tag is loaded without a flush, and should have been flushed */
};

void found(enum finding what, unsigned int cpu, const struct entry *e, const struct change *change,
	   const struct walk *now, enum access access, uint64_t rip);

/* An access by the tables that are loaded.  @now: their walk. */
void tlb_access(unsigned int cpu, const struct walk *now, enum access access, uint64_t rip);

/* A fault, with the error code of #PF. */
void tlb_fault(unsigned int cpu, uint64_t va, unsigned int error);

/* A store to a table by the instruction at @rip. */
void tlb_table_changed(unsigned int cpu, uint64_t place, uint64_t rip);

void tlb_switch(unsigned int cpu, uint64_t cr3, bool keep, uint64_t rip);
void tlb_flush_page(unsigned int cpu, uint64_t va);
void tlb_flush_tag_page(unsigned int cpu, unsigned int tag, uint64_t va);
void tlb_flush_tag(unsigned int cpu, unsigned int tag);
void tlb_flush_all(unsigned int cpu, bool global);
void tlb_frame_freed(uint64_t pa, uint64_t rip);
void tlb_done(unsigned int cpu, uint64_t rip);
