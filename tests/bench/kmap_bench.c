/* SPDX-License-Identifier: MIT */
/*
 * tests/bench/kmap_bench.c - what a mapping costs, and a switch of threads under some.
 *
 * A sample of yield_kmap_N is two switches: to a thread that maps nothing, and back to the one
 * that has N pages mapped.
 */
#include "kernel/sched.h"
#include "lib/assert.h"
#include "mm/kmap.h"
#include "mm/page_alloc.h"
#include "tests/bench/bench.h"

static struct page *get_a_page(void)
{
	struct page *page = alloc_page(ZONE_USER);

	if (page == NULL)
		panic("benchmark: out of memory");
	return page;
}

/* A pointer of which the compiler knows nothing, as in code that was handed it. */
static ALWAYS_INLINE void *anew(void *p)
{
	__asm__("" : "+r"(p));
	return p;
}

/* At depth 1: one is mapped all along. */
BENCH(kmap_pair)
{
	struct page *page = get_a_page();
	void *outer = kmap_local_page(page);

	while (bench_more(b))
		bench_sample(b, kunmap_local(anew(kmap_local_page(anew(page)))));
	kunmap_local(outer);
	put_page(page);
}

static int give_way(void *over)
{
	while (!READ_ONCE(*(bool *)over))
		yield();
	return 0;
}

static void measure_yields(struct bench *b, u32 mappings)
{
	bool over = false;
	struct thread *other = thread_create_on(cpu_id, "gives way", give_way, &over);
	struct page *page = get_a_page();
	void *p[KMAP_DEPTH];

	if (other == NULL)
		panic("benchmark: out of memory");
	thread_start(other);
	for (u32 i = 0; i < mappings; i++)
		p[i] = kmap_local_page(page);
	while (bench_more(b)) {
		u64 start = bench_clock(COUNT_BEGIN), end;

		yield();
		end = bench_clock(COUNT_END);
		bench_add(b, end - start);
	}
	for (u32 i = mappings; i-- > 0;)
		kunmap_local(p[i]);
	WRITE_ONCE(over, true);
	thread_join(other);
	put_page(page);
}

BENCH(yield_kmap_0)
{
	measure_yields(b, 0);
}

BENCH(yield_kmap_1)
{
	measure_yields(b, 1);
}

BENCH(yield_kmap_4)
{
	measure_yields(b, 4);
}
