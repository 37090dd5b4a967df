/* SPDX-License-Identifier: MIT */
/*
 * mm/counters.c - see counters.h.
 */
#include "arch/x86_64/shared.h"
#include "arch/x86_64/smp.h"
#include "mm/counters.h"
#include "mm/mm_counts.h"
#include "mm/slab.h"

DEFINE_PER_CPU(u64, event_counts[EVENT_COUNT]);

static u64 pgds_now, pgds_peak, slot_records;

u64 event_total(enum event event)
{
	u64 total = 0;

	for (u32 cpu = 0; cpu < MAX_CPUS; cpu++)
		if (percpu_offset[cpu] != 0)
			total += shared_load(per_cpu_ptr(&event_counts[event], cpu));
	return total;
}

struct mm_counts *mm_counts_alloc(void)
{
	return kzalloc(cpu_count * sizeof(struct mm_counts));
}

void count_slot_page(void)
{
	shared_add(&slot_records, 1);
}

u64 slot_pages(void)
{
	return shared_load(&slot_records);
}

void count_pgd_page(int change)
{
	u64 now = shared_add(&pgds_now, (u64)(s64)change) + (u64)(s64)change;
	u64 peak = shared_load(&pgds_peak);

	while (now > peak && !__atomic_compare_exchange_n(&pgds_peak, &peak, now, false,
							  __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

u64 pgd_pages_now(void)
{
	return shared_load(&pgds_now);
}

u64 pgd_pages_peak(void)
{
	return shared_load(&pgds_peak);
}
