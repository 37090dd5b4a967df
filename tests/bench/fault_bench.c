/* SPDX-License-Identifier: MIT */
/*
 * tests/bench/fault_bench.c - faults of the kernel on user memory, up to their resolution: the
 * access, the exception, the page, zeroed, and its tables.
 *
 * Where the page is what differs.  user_bench.c has the plainest, fault_anon, from ring 3.
 */
#include "lib/assert.h"
#include "tests/bench/bench.h"
#include "tests/user_memory.h"

#define ENTRIES 64u /* before an mm is full, as far as this is concerned */

/* One write to what is mapped at @at, in an mm that the thread uses. */
static void fault_at(struct bench *b, vaddr_t at)
{
	u64 start = bench_clock(COUNT_BEGIN), end;
	bool good = put(at, 1);

	end = bench_clock(COUNT_END);
	ASSERT(good, "out of memory");
	bench_add(b, end - start);
}

/* Each page is the first below its top-level entry: with the tables below that. */
BENCH(fault_new_top)
{
	for (u32 i = ENTRIES; bench_more(b); i++) {
		if (i == ENTRIES) {
			struct mm *mm = mm_create();

			ASSERT(mm != NULL, "out of memory");
			use(mm);
			mm_put(mm);
			i = 1;
		}
		ASSERT(map_anon(current->mm, i * TOP_ENTRY, PAGE_SIZE, RW) == 0, "out of memory");
		fault_at(b, i * TOP_ENTRY);
	}
	use(NULL);
}

BENCH(fault_2m)
{
	struct mm *mm = mm_create();
	vaddr_t at = TOP_ENTRY;

	ASSERT(mm != NULL, "out of memory");
	use(mm);
	while (bench_more(b)) {
		ASSERT(map_anon(mm, at, 2 * MIB, RW | REGION_LARGE) == 0, "out of memory");
		fault_at(b, at);
		ASSERT(mm_unmap(mm, at, at + 2 * MIB) == 0, "cannot be unmapped");
	}
	use(NULL);
	mm_put(mm);
}
