/* SPDX-License-Identifier: MIT */
/*
 * tests/bench/mm_bench.c - what an address-space switch, a slot's set-up, a lazy fault and
 * the flush of a page cost.
 */
#include "arch/x86_64/probe.h"
#include "arch/x86_64/uaccess.h"
#include "lib/assert.h"
#include "mm/counters.h"
#include "mm/flush.h"
#include "mm/page_alloc.h"
#include "mm/slab.h"
#include "mm/switch.h"
#include "mm/user_pt.h"
#include "tests/bench/bench.h"

#define ENTRIES	  4u /* top-level entries that an mm here has populated */
#define TOP_ENTRY (1ul << pt_shift(PT_LEVEL_TOP))
#define RW	  (REGION_READ | REGION_WRITE)
#define LAG	  8u /* records */

/* Load @mm; NULL: the neutral PGD. */
static void on_mm(struct mm *mm)
{
	u64 flags = irq_save();

	if (mm != NULL)
		switch_mm(mm);
	else
		switch_to_neutral();
	irq_restore(flags);
}

/* An mm with a page below each of @entries top-level entries from @first on. */
static struct mm *make_mm(u32 first, u32 entries)
{
	struct mm *mm = mm_create();

	ASSERT(mm != NULL, "out of memory");
	for (u32 i = 0; i < entries; i++) {
		struct map_request q = { .start = (first + i) * TOP_ENTRY + PAGE_SIZE,
					 .size = PAGE_SIZE,
					 .flags = RW };

		if (mm_map(mm, &q) || mm_fault(mm, q.start, FAULT_WRITE))
			panic("benchmark: out of memory");
	}
	return mm;
}

BENCH(cr3_write)
{
	u64 cr3 = read_cr3();

	while (bench_more(b))
		bench_sample(b, write_cr3(cr3));
}

BENCH(switch_mm_hit)
{
	struct mm *a = make_mm(0, ENTRIES), *c = make_mm(0, ENTRIES);

	on_mm(a);
	on_mm(c);
	while (bench_more(b)) {
		on_mm(a);
		bench_sample(b, switch_mm(c));
	}
	on_mm(NULL);
	mm_put(a);
	mm_put(c);
}

/* The slot lags by a few records, all below an entry that it does not hold (percpu). */
BENCH(switch_mm_lag)
{
	struct mm *a = make_mm(0, ENTRIES), *c = make_mm(0, ENTRIES);
	struct map_request q = { .start = (ENTRIES + 1) * TOP_ENTRY,
				 .size = PAGE_SIZE,
				 .flags = RW };
	vaddr_t end = q.start + q.size;

	on_mm(c);
	if (mm_map(c, &q))
		panic("benchmark: out of memory");
	while (bench_more(b)) {
		on_mm(a);
		for (u32 i = 0; i < LAG; i++)
			if (mm_fault(c, q.start, FAULT_WRITE) ||
			    mm_protect(c, q.start, end, REGION_READ) ||
			    mm_protect(c, q.start, end, RW))
				panic("benchmark: out of memory");
		bench_sample(b, switch_mm(c));
	}
	on_mm(NULL);
	mm_put(a);
	mm_put(c);
}

/*
 * More mms than slots, and each slot has its PGD: every switch takes a slot from another mm.
 * asids=4094 wants some 300 MiB for its mms (kmem=).
 */
#define SETUP_SPARE 8u
#define SETS	    5u /* of entries: a slot's old and new mm have none in common */

static void free_mms(struct mm **mm, u32 n)
{
	on_mm(NULL);
	for (u32 k = 0; k < n; k++)
		mm_put(mm[k]);
	kfree(mm);
}

BENCH(slot_setup)
{
	u32 n = asids + SETUP_SPARE, i = 0;
	struct mm **mm = kmalloc(n * sizeof(mm[0]));

	if (mm == NULL)
		panic("benchmark: out of memory");
	for (u32 k = 0; k < n; k++) {
		mm[k] = make_mm(k % SETS * ENTRIES, ENTRIES);
		on_mm(mm[k]);
	}
	while (bench_more(b)) {
		bench_sample(b, switch_mm(mm[i]));
		i = (i + 1) % n;
	}
	free_mms(mm, n);
}

/* From the faulting access to behind it: exception, handler, return. */
BENCH(lazy_fault)
{
	vaddr_t va = 3 * TOP_ENTRY + PAGE_SIZE;
	struct map_request q = { .start = va, .size = PAGE_SIZE, .flags = RW };
	u64 faults;

	while (bench_more(b)) {
		struct mm *fresh = make_mm(0, 0);

		on_mm(fresh);
		if (mm_map(fresh, &q) || mm_fault(fresh, va, FAULT_WRITE))
			panic("benchmark: out of memory");
		faults = event_total(LAZY_FAULTS);
		if (cpu_features.smap)
			stac();
		bench_sample(b, (void)*(volatile u8 *)va);
		if (cpu_features.smap)
			clac();
		if (event_total(LAZY_FAULTS) == faults)
			b->n = 0; /* the classic kernel has none */
		on_mm(NULL);
		mm_put(fresh);
		if (event_total(LAZY_FAULTS) == faults)
			break;
	}
}

BENCH(flush_page)
{
	struct mm *mm = make_mm(0, ENTRIES);

	on_mm(mm);
	spin_lock(&mm->lock);
	while (bench_more(b)) {
		u64 start, end;

		start = bench_clock(COUNT_BEGIN);
		flush_range(mm, PAGE_SIZE, 2 * PAGE_SIZE, PAGE_SIZE);
		end = bench_clock(COUNT_END);
		bench_add(b, end - start);
	}
	spin_unlock(&mm->lock);
	on_mm(NULL);
	mm_put(mm);
}
