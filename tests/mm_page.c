/* SPDX-License-Identifier: MIT */
/*
 * tests/mm_page.c - the page allocator on several CPUs: no block twice, none lost, and
 * the accounts add up.  Its algorithms are tested on the host.
 */
#include "lib/string.h"
#include "mm/asid.h"
#include "mm/page_alloc.h"
#include "mm/slab.h"
#include "tests/cpus.h"
#include "tests/harness.h"
#include "tests/storm.h"

#define HELD		  48
#define ROUNDS		  1600 /* of all CPUs together, at most */
#define MAX_TAKEN	  4
#define EXHAUST_MAX_PAGES (GIB / PAGE_SIZE)

struct storm {
	struct test *t;
	u64 seed;
	enum zone_id zone;
	struct storm_clock clock;
};

/* The first word of frame @i of a block. */
static u64 *word_of(struct page *page, u64 i)
{
	return page_address(page + i);
}

/* A page says who has it; whoever else had it too would find out. */
static void sign(struct page *page, unsigned order, u64 by)
{
	for (u64 i = 0; page_is_mapped(page) && i < 1ul << order; i++)
		*word_of(page, i) = by + i;
}

static bool signed_by(struct page *page, unsigned order, u64 by)
{
	for (u64 i = 0; page_is_mapped(page) && i < 1ul << order; i++)
		if (*word_of(page, i) != by + i)
			return false;
	return true;
}

static void storm(void *arg)
{
	struct storm *s = arg;
	struct {
		struct page *page;
		unsigned order;
	} held[HELD] = { { NULL, 0 } };
	struct rand r;

	rand_seed(&r, s->seed + cpu_id);
	while (storm_step_due(&s->clock)) {
		u32 i = (u32)rand_below(&r, HELD);
		u64 by = (u64)cpu_id << 32 | i << 16;

		if (held[i].page != NULL) {
			EXPECT(s->t, signed_by(held[i].page, held[i].order, by),
			       "CPU %u: page %#lx is somebody else's too", cpu_id,
			       page_to_phys(held[i].page));
			free_pages(held[i].page, held[i].order);
			held[i].page = NULL;
			continue;
		}
		held[i].order = (unsigned)rand_below(&r, MAX_TAKEN) % 3;
		held[i].page = alloc_pages(s->zone, held[i].order);
		if (held[i].page != NULL)
			sign(held[i].page, held[i].order, by);
	}
	for (u32 i = 0; i < HELD; i++)
		if (held[i].page != NULL)
			free_pages(held[i].page, held[i].order);
}

static void drain(void *arg)
{
	(void)arg;
	page_alloc_drain_cpu(cpu_id);
}

static u64 free_in(enum zone_id zone)
{
	struct page_alloc_stats s;

	page_alloc_stats(zone, &s);
	return s.free + s.pcp;
}

static void storm_on_all(struct test *t, enum zone_id zone)
{
	static struct storm s;
	struct rand r = test_rand(t);
	u64 before;

	on_each_cpu(drain, NULL);
	before = free_in(ZONE_KERNEL) + free_in(ZONE_USER);
	s.t = t;
	s.zone = zone;
	s.seed = rand_next(&r);
	storm_start_in_crowds(&s.clock, share_of(ROUNDS));
	on_each_cpu_in_crowds(storm, &s);
	storm_steps(t, &s.clock, &cpus_online);
	on_each_cpu(drain, NULL);
	EXPECT_EQ(t, free_in(ZONE_KERNEL) + free_in(ZONE_USER), before);
	page_alloc_check();
}

TEST("mm.page", storm_of_kernel_pages)
{
	storm_on_all(t, ZONE_KERNEL);
}

TEST("mm.page", storm_of_user_pages)
{
	storm_on_all(t, ZONE_USER);
}

/* What would come back under pressure. */
static void give_back(void *arg)
{
	asid_give_back();
	drain(arg);
}

/* Take all there is, in the largest pieces; running out is NULL, and all comes back. */
TEST("mm.page", exhaustion_is_a_value, .limit_ms = 120000)
{
	struct page *chain = NULL;
	u64 before, taken = 0;

	kmem_shrink();
	on_each_cpu(give_back, NULL);
	before = free_in(ZONE_KERNEL) + free_in(ZONE_USER);
	if (before > EXHAUST_MAX_PAGES) {
		test_skip(t, "writing and poisoning %lu MiB takes too long",
			  before * PAGE_SIZE / MIB);
		return;
	}
	for (int order = MAX_ORDER; order >= 0; order--) {
		struct page *page;

		while ((page = alloc_pages(ZONE_KERNEL, (unsigned)order)) != NULL) {
			page->private[0] = (u64)chain;
			page->private[1] = (u64)order;
			chain = page;
			taken += 1ul << order;
		}
	}
	EXPECT(t, alloc_page(ZONE_KERNEL) == NULL, "a page where there is none");
	test_note("%lu of %lu free pages taken", taken, before);
	while (chain != NULL) {
		struct page *page = chain;

		chain = (struct page *)page->private[0];
		free_pages(page, (unsigned)page->private[1]);
	}
	on_each_cpu(drain, NULL);
	EXPECT_EQ(t, free_in(ZONE_KERNEL) + free_in(ZONE_USER), before);
}

TEST("mm.page", blocks_are_aligned_and_in_their_zone)
{
	for (unsigned order = 0; order <= 9; order++) {
		struct page *page = alloc_pages(ZONE_KERNEL, order);

		if (page == NULL)
			continue;
		EXPECT(t, IS_ALIGNED(page_to_phys(page), PAGE_SIZE << order), "order %u at %#lx",
		       order, page_to_phys(page));
		EXPECT(t, page_is_mapped(page), "a kernel page outside the direct map: %#lx",
		       page_to_phys(page));
		free_pages(page, order);
	}
}

TEST("mm.page", injected_failure)
{
	struct page *page;

	if (!CONFIG_DEBUG) {
		test_skip(t, "release build");
		return;
	}
	page_alloc_fail_after(2);
	page = alloc_page(ZONE_KERNEL);
	EXPECT(t, page != NULL, "the first");
	EXPECT(t, alloc_page(ZONE_KERNEL) == NULL, "the second");
	EXPECT_EQ(t, page_alloc_fail_after(0), 0);
	free_page(page);
}

TEST("mm.page", references)
{
	u64 before = free_in(ZONE_KERNEL);
	struct page *page = alloc_page(ZONE_KERNEL);

	EXPECT(t, page != NULL, "out of memory");
	get_page(page);
	put_page(page);
	EXPECT_EQ(t, page->refcount, 1);
	put_page(page);
	EXPECT_EQ(t, free_in(ZONE_KERNEL), before);
}
