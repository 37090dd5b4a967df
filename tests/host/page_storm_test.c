/* SPDX-License-Identifier: MIT */
/*
 * tests/host/page_storm_test.c - random allocations and frees against a model.
 *
 * The model knows the owner of every frame.  After each storm everything is freed,
 * every CPU's lists are drained, and the free lists must be what they were: whatever
 * was split has found its buddy again.
 */
#include "tests/host/cmocka_host.h"

#include "arch/x86_64/percpu.h"
#include "lib/rand.h"
#include "mm/page_alloc.h"
#include "tests/host/fake/machine.h"
#include "tests/host/host_panic.h"

#define MAX_FRAMES 16384 /* all RAM of these machines lies below 64 MiB */
#define MAX_BLOCKS 4096
#define STEPS	   40000
#define SEEDS	   6

struct span {
	enum zone_id zone;
	u64 start, end; /* pfn */
};

struct block {
	struct page *page;
	unsigned order;
};

struct model {
	struct rand rand;
	bool user_mapped;
	bool owned[MAX_FRAMES];
	enum zone_id zone_of[MAX_FRAMES];
	bool is_ram[MAX_FRAMES];
	struct block blocks[MAX_BLOCKS];
	u64 block_count;
	u64 owned_frames;
};

static struct model model;

/* Holes, odd ends, neighbours of both zones, a zone of one frame in between. */
static const struct span odd_machine[] = {
	{ ZONE_KERNEL, 257, 1021 },    { ZONE_USER, 1021, 1022 },  { ZONE_KERNEL, 1022, 2048 },
	{ ZONE_USER, 2048, 5000 },     { ZONE_USER, 5003, 5004 },  { ZONE_KERNEL, 6000, 6007 },
	{ ZONE_USER, 8191, 8193 },     { ZONE_USER, 9000, 12288 }, { ZONE_KERNEL, 12288, 12289 },
	{ ZONE_KERNEL, 16383, 16384 },
};

static const struct span tiny_machine[] = {
	{ ZONE_KERNEL, 300, 303 },
	{ ZONE_USER, 303, 308 },
};

static void build(const struct span *spans, u64 count, bool user_mapped)
{
	machine_start();
	page_alloc_init(user_mapped);
	for (u64 i = 0; i < count; i++) {
		const struct span *s = &spans[i];
		bool mapped = user_mapped || s->zone == ZONE_KERNEL;

		machine_add_ram(s->start * PAGE_SIZE, s->end * PAGE_SIZE, mapped);
		assert_int_equal(
			page_alloc_add_range(s->zone, s->start * PAGE_SIZE, s->end * PAGE_SIZE), 0);
		for (u64 pfn = s->start; pfn < s->end; pfn++) {
			model.is_ram[pfn] = true;
			model.zone_of[pfn] = s->zone;
		}
	}
}

/* A block has something of its own in every page, if one can write there. */
static void sign(const struct block *block, bool check)
{
	for (u64 i = 0; i < BIT(block->order) && page_is_mapped(block->page); i++) {
		u64 *word = page_address(block->page + i);

		if (check)
			assert_int_equal(*word, (u64)block->page + i);
		*word = (u64)block->page + i;
	}
}

static void take(enum zone_id zone, unsigned order)
{
	struct block block = { alloc_pages(zone, order), order };
	u64 pfn;

	if (!block.page)
		return;
	pfn = page_to_pfn(block.page);
	assert_true(IS_ALIGNED(pfn, BIT(order)));
	assert_true(pfn + BIT(order) <= MAX_FRAMES);
	for (u64 i = pfn; i < pfn + BIT(order); i++) {
		assert_true(model.is_ram[i]);
		assert_false(model.owned[i]);
		assert_int_equal(model.zone_of[i], model.zone_of[pfn]);
		if (zone == ZONE_KERNEL && !model.user_mapped)
			assert_int_equal(model.zone_of[i], ZONE_KERNEL);
		model.owned[i] = true;
	}
	sign(&block, false);
	model.owned_frames += BIT(order);
	model.blocks[model.block_count++] = block;
}

static void give(u64 index)
{
	struct block block = model.blocks[index];
	u64 pfn = page_to_pfn(block.page);

	sign(&block, true);
	for (u64 i = pfn; i < pfn + BIT(block.order); i++)
		model.owned[i] = false;
	model.owned_frames -= BIT(block.order);
	model.blocks[index] = model.blocks[--model.block_count];
	free_pages(block.page, block.order);
}

/* Small orders often, large ones seldom. */
static unsigned some_order(void)
{
	unsigned order = 0;

	while (order < 11 && rand_below(&model.rand, 3) == 0)
		order++;
	return order;
}

/* Growing and shrinking by turns, so that memory runs out and comes back. */
static void step(u64 i)
{
	bool growing = (i / 3000) % 2 == 0;
	bool taking = rand_below(&model.rand, 100) < (growing ? 65u : 35u);

	if (rand_below(&model.rand, 20) == 0)
		machine_set_cpu((u32)rand_below(&model.rand, MAX_CPUS));
	if (rand_below(&model.rand, 2000) == 0)
		page_alloc_drain_cpu(cpu_id);
	if (taking && model.block_count < MAX_BLOCKS)
		take((enum zone_id)rand_below(&model.rand, ZONE_COUNT), some_order());
	else if (model.block_count > 0)
		give(rand_below(&model.rand, model.block_count));
}

static void check_sums(void)
{
	u64 allocated = 0;

	for (u32 zone = 0; zone < ZONE_COUNT; zone++) {
		struct page_alloc_stats stats;
		u64 in_blocks = 0;

		page_alloc_stats((enum zone_id)zone, &stats);
		assert_int_equal(stats.total, stats.free + stats.pcp + stats.allocated);
		for (unsigned order = 0; order <= MAX_ORDER; order++)
			in_blocks += stats.by_order[order] << order;
		assert_int_equal(in_blocks, stats.free);
		allocated += stats.allocated;
	}
	assert_int_equal(allocated, model.owned_frames);
	page_alloc_check();
}

static void free_everything(void)
{
	while (model.block_count > 0)
		give(rand_below(&model.rand, model.block_count));
	for (u32 cpu = 0; cpu < MAX_CPUS; cpu++) {
		machine_set_cpu(cpu);
		page_alloc_drain_cpu(cpu);
	}
	check_sums();
}

static void storm(const struct span *spans, u64 count, bool user_mapped, u64 seed)
{
	struct page_alloc_stats before[ZONE_COUNT], after[ZONE_COUNT];

	memset(&model, 0, sizeof(model));
	rand_seed(&model.rand, seed);
	model.user_mapped = user_mapped;
	build(spans, count, user_mapped);
	for (u32 zone = 0; zone < ZONE_COUNT; zone++)
		page_alloc_stats((enum zone_id)zone, &before[zone]);
	for (u64 i = 0; i < STEPS; i++) {
		step(i);
		if (i % 1000 == 0)
			check_sums();
	}
	free_everything();
	for (u32 zone = 0; zone < ZONE_COUNT; zone++)
		page_alloc_stats((enum zone_id)zone, &after[zone]);
	assert_memory_equal(before, after, sizeof(before));
	machine_stop();
}

static void test_odd_machine(void **state)
{
	(void)state;
	for (u64 seed = 1; seed <= SEEDS; seed++)
		storm(odd_machine, ARRAY_SIZE(odd_machine), seed % 2 == 0, seed);
}

static void test_tiny_machine(void **state)
{
	(void)state;
	for (u64 seed = 1; seed <= SEEDS; seed++)
		storm(tiny_machine, ARRAY_SIZE(tiny_machine), seed % 2 == 0, seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_odd_machine),
		cmocka_unit_test(test_tiny_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
