/* SPDX-License-Identifier: MIT */
/*
 * mm/mm.h - struct mm: an address space.
 *
 * Regions are the truth; page tables are a cache of them, filled by faults.  The tables
 * below the top level are the mm's, shared by all CPUs.  What a CPU loads is a PGD of
 * its own, found by (cpu, asid) in mm/asid.h; the mm has a *reference* top level, from
 * which PGDs take their entries (R2).  In the classic kernel the reference is the PGD.
 *
 * The protocol between a CPU that changes tables and those that use them stands at the
 * top of mm/flush.c.
 *
 * Who may touch a member:
 *	[I] constant after mm_create()
 *	[l] under .lock
 *	[a] written under .lock, read by anyone through shared_load()
 *	[o] element n by CPU n, interrupts off
 */
#pragma once

#include "arch/x86_64/spinlock.h"
#include "lib/cpumask.h"
#include "lib/lock_check.h"
#include "mm/entry_set.h"
#include "mm/mm_counts.h"
#include "mm/region.h"

/*
 * One change that needed a flush: which generation it made, and which range, from which
 * the top-level entries above it follow.  A slot that lags reads what it missed.
 */
struct flush_record {
	u64 gen; /* 0 while it is being written */
	vaddr_t start, end;
	u64 stride; /* bytes that one INVLPG reaches there; FLUSH_WHOLE: no slot passes it */
};

/*
 * The table of the last level that a walk ended in: the next one there need not be made.  One at a
 * time, until it is freed.
 */
struct leaf_table {
	u64 place; /* of what it maps, in its sizes, + 1; 0: there is none */
	pte_t *table;
	u64 *present; /* how many of its entries are (user_pt.c) */
};

#define FLUSH_RING   16u
#define MM_FIRST_GEN 1ul

struct budget;
struct slot;
struct page;

struct mm {
	u64 ctx_id;		  /* [I] never used again after this mm; not 0 */
	u64 tlb_gen;		  /* [a] raised by each change that needs a flush */
	pte_t *reference;	  /* [I] the reference top level, in the direct map */
	struct entry_set present; /* [a] entries of the reference in use; only ever added */
	struct slot **hint;	  /* [o] the slot of CPU n to load as it is, if it serves this mm */
	struct slot **bound;	  /* [o] the slot of CPU n that served this mm last; the same
				     array unless PGDs are rewritten (pgd=copy), or
				     switches are traced */
	pte_t **pgds;		  /* [o] the mm's PGD of CPU n; NULL without pgd=space */
	u32 users;		  /* atomic: threads that run on it and others that hold it */
	struct mm_counts *counts; /* [o] what CPU n did for it */
	struct cpumask cpus;	  /* a superset of the CPUs with a slot bound to it: set by
				     the binding CPU, trimmed under .lock */
	struct flush_record ring[FLUSH_RING]; /* [a] record of generation g at g % FLUSH_RING */

	struct spinlock lock; /* rank LOCK_RANK_MM; interrupts on, held while CPUs are waited for */
	struct region_tree regions GUARDED_BY(lock);
	struct mm_events events GUARDED_BY(lock);
	struct leaf_table last GUARDED_BY(lock);
	u64 pages GUARDED_BY(lock);	  /* user pages mapped by leaves */
	u64 table_pages GUARDED_BY(lock); /* page-table pages, the reference included */
	struct budget *budget;		  /* [I] held; NULL: no limit */
	u64 charged GUARDED_BY(lock);	  /* to it: tables, and private pages mapped */
};

/* An empty address space with one user.  NULL: out of memory. */
struct mm *mm_create(void) WARN_UNUSED_RESULT;

#define MM_REGIONS_MAX 4096u /* of an mm with a budget: its regions are not charged */

/*
 * What @mm, which is new and not shared yet, uses is charged to @budget: its tables and the private
 * pages that it maps; a page that it shares with a fork counts in both.  Then what finds the budget
 * used up ends with -ENOMEM.  -ENOMEM: it is now, and @mm is without.
 */
int mm_set_budget(struct mm *mm, struct budget *budget) WARN_UNUSED_RESULT;

static inline void mm_get(struct mm *mm)
{
	__atomic_fetch_add(&mm->users, 1, __ATOMIC_RELAXED);
}

/*
 * Drop a use.  The last one ends it: each CPU that has it loaded goes to its neutral PGD,
 * then all is freed.  Waits for other CPUs: interrupts on, no lock held.
 */
void mm_put(struct mm *mm);

/* @object and @offset for REGION_OBJECT, @phys for REGION_PHYS. */
struct map_request {
	vaddr_t start;
	u64 size;
	u32 flags; /* REGION_* */
	enum region_kind kind;
	paddr_t phys;
	struct object *object;
	u64 offset;
};

/*
 * Map [start, start + size): nothing is allocated but the region; and nothing at all if it
 * continues what is mapped beside it: same flags, memory contiguous, no entry of its own.  The two
 * are one region then, which an unmap or a protect cuts as it does any.  -EINVAL (also: in the last
 * page of the user half, which stays empty); -ENOMEM;
 * -EEXIST: overlaps a region, or would share a top-level entry with one of which
 * REGION_OWN_TOP_ENTRY is true if it is not of this one, or the other way round.
 */
int mm_map(struct mm *mm, const struct map_request *request) WARN_UNUSED_RESULT;

/*
 * The same for @more of an object, if that makes the region longer that was found last, and waits
 * for nobody. False: nothing has changed, and what there is to say mm_map() says.  A page that is
 * mapped so alone is filled in, too, if that takes no more than a fault may take that is quick:
 * somebody is likely to wait for it.
 */
bool mm_map_quick(struct mm *mm, const struct extent *more) REQUIRES(irqs_off) WARN_UNUSED_RESULT;

#define MAP_LOWEST (64 * KIB) /* nothing is placed below, where null pointers point */

/*
 * The same where there is room, at request->start or above, which says where in the end:
 * aligned to 2 MiB if that gives it large pages; with REGION_OWN_TOP_ENTRY at the
 * beginning of top-level entries that have no other region; else never below an entry
 * that is another region's own.  -EINVAL; -ENOMEM: no memory, or no room.
 */
int mm_map_anywhere(struct mm *mm, struct map_request *request) WARN_UNUSED_RESULT;

/*
 * Take [start, end) away, or change its rights.  On return no CPU can use the old
 * translation, from any ASID, now or later (R3), and no table that went is reachable (R4).
 * -EINVAL; -ENOMEM with nothing changed; -EPERM, the same: a region may never be written.
 * Interrupts on, no spinlock held.
 */
int mm_unmap(struct mm *mm, vaddr_t start, vaddr_t end) WARN_UNUSED_RESULT;
int mm_protect(struct mm *mm, vaddr_t start, vaddr_t end, u32 rights) WARN_UNUSED_RESULT;

/* A copy of @mm, private pages shared until one side writes.  NULL: out of memory. */
struct mm *mm_fork(struct mm *mm) WARN_UNUSED_RESULT;

/* The same into @child, which is new.  0, or -ENOMEM: it is good for mm_put() only. */
int mm_fork_into(struct mm *mm, struct mm *child) WARN_UNUSED_RESULT;

enum fault_access {
	FAULT_READ,
	FAULT_WRITE,
	FAULT_EXEC,
};

/*
 * Make @va accessible, if a region allows it.  0; -EFAULT: none does; -ENOMEM.
 * Interrupts on, no spinlock held.
 */
int mm_fault(struct mm *mm, vaddr_t va, enum fault_access access) WARN_UNUSED_RESULT;

enum fault_quick {
	FAULT_DONE,
	FAULT_NOT_QUICKLY,
	FAULT_NO_REGION,
};

/*
 * The same for a fault in user mode, if that takes no more than a zeroed page of a CPU's stack, or
 * a page that an object has, into the table where the last fault was, in the same region.  Else
 * nothing has changed, and what there is to say mm_fault() says: -EFAULT if FAULT_NO_REGION.  Waits
 * for nobody.
 */
enum fault_quick mm_fault_quick(struct mm *mm, vaddr_t va, enum fault_access access)
	REQUIRES(irqs_off) WARN_UNUSED_RESULT;

/* What such a read fault at @va would do, before there is one. */
void mm_fill_quick(struct mm *mm, vaddr_t va) REQUIRES(mm->lock, irqs_off);

/*
 * The page behind @va, made as mm_fault() would, with a reference for the caller: to reach an
 * address space that is not loaded.  Who writes to the page asks for FAULT_WRITE, or knows that
 * the page is nobody else's.  The mm may map another there as soon as this returns.
 * 0; -EFAULT: as mm_fault(), or no page but a device is there; -ENOMEM.
 * Interrupts on, no spinlock held.
 */
int mm_get_page(struct mm *mm, vaddr_t va, enum fault_access access,
		struct page **page) WARN_UNUSED_RESULT;
