/* SPDX-License-Identifier: MIT */
/*
 * tests/account.c - see account.h.
 */
#include "arch/x86_64/ipi.h"
#include "kernel/thread.h"
#include "mm/counters.h"
#include "mm/page_alloc.h"
#include "mm/slab.h"
#include "tests/account.h"

struct account account(void)
{
	struct page_alloc_stats k, u;

	kmem_shrink();
	page_alloc_stats(ZONE_KERNEL, &k);
	page_alloc_stats(ZONE_USER, &u);
	return (struct account){
		.cpus = cpumask_weight(&cpus_online),
		.free = k.free + k.pcp + u.free + u.pcp,
		.pgds = pgd_pages_now(),
		.records = slot_pages(),
		.threads = thread_count(),
	};
}

void expect_same_account(struct test *t, const struct account *before, const struct account *after)
{
	EXPECT_EQ(t, after->cpus, before->cpus);
	EXPECT_EQ(t, after->free, before->free);
	EXPECT_EQ(t, after->pgds, before->pgds);
	EXPECT_EQ(t, after->records, before->records);
	EXPECT_EQ(t, after->threads, before->threads);
	test_note("before and after: %lu, %lu CPUs; %lu, %lu pages free; %lu, %lu PGD pages; "
		  "%lu, %lu pages of records; %lu, %lu threads",
		  before->cpus, after->cpus, before->free, after->free, before->pgds, after->pgds,
		  before->records, after->records, before->threads, after->threads);
}
