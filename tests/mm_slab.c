/* SPDX-License-Identifier: MIT */
/*
 * tests/mm_slab.c - kernel objects on several CPUs.
 */
#include "lib/string.h"
#include "mm/page_alloc.h"
#include "mm/slab.h"
#include "tests/cpus.h"
#include "tests/harness.h"
#include "tests/storm.h"

#define HELD   64
#define ROUNDS 4000 /* of all CPUs together, at most */

struct object {
	u64 owner;
	u8 body[72];
};

static KMEM_CACHE(cache, "test-object", sizeof(struct object), 16);

struct storm {
	struct test *t;
	u64 seed;
	struct storm_clock clock;
};

static void check_and_free(struct test *t, struct object *o, u64 owner)
{
	bool whole = o->owner == owner;

	for (u32 i = 0; i < sizeof(o->body); i++)
		whole &= o->body[i] == (u8)owner;
	EXPECT(t, whole, "CPU %u: object %p is somebody else's too", cpu_id, (void *)o);
	kmem_cache_free(&cache, o);
}

static void storm(void *arg)
{
	struct storm *s = arg;
	struct object *held[HELD] = { NULL };
	struct rand r;

	rand_seed(&r, s->seed + cpu_id);
	while (storm_step_due(&s->clock)) {
		u32 i = (u32)rand_below(&r, HELD);
		u64 owner = (u64)cpu_id << 8 | i;

		if (held[i] != NULL) {
			check_and_free(s->t, held[i], owner);
			held[i] = NULL;
			continue;
		}
		held[i] = kmem_cache_alloc(&cache);
		if (held[i] == NULL)
			continue;
		held[i]->owner = owner;
		memset(held[i]->body, (u8)owner, sizeof(held[i]->body));
	}
	for (u32 i = 0; i < HELD; i++)
		if (held[i] != NULL)
			check_and_free(s->t, held[i], (u64)cpu_id << 8 | i);
}

TEST("mm.slab", storm_on_all_cpus)
{
	struct kmem_cache_stats stats;
	struct rand r = test_rand(t);
	static struct storm s;

	s.t = t;
	s.seed = rand_next(&r);
	storm_start_in_crowds(&s.clock, share_of(ROUNDS));
	on_each_cpu_in_crowds(storm, &s);
	storm_steps(t, &s.clock, &cpus_online);
	kmem_cache_stats(&cache, &stats);
	EXPECT_EQ(t, stats.in_use, 0);
	kmem_cache_shrink(&cache);
	kmem_cache_stats(&cache, &stats);
	EXPECT_EQ(t, stats.pages, 0);
}

TEST("mm.slab", kmalloc_of_every_size)
{
	for (size_t size = 1; size <= 64 * KIB; size = size * 3 / 2 + 1) {
		u8 *p = kmalloc(size), *q = kzalloc(size);

		EXPECT(t, p != NULL && q != NULL && p != q, "%zu bytes", size);
		if (p == NULL || q == NULL)
			return;
		memset(p, 0xff, size);
		for (size_t i = 0; i < size; i++)
			if (q[i] != 0) {
				EXPECT(t, q[i] == 0, "byte %zu of %zu is %#x", i, size, q[i]);
				break;
			}
		kfree(p);
		kfree(q);
	}
	EXPECT(t, kmalloc(0) == NULL, "nothing has an address");
	kfree(NULL);
}

TEST("mm.slab", out_of_memory_is_null)
{
	void *p;

	if (!CONFIG_DEBUG) {
		test_skip(t, "release build");
		return;
	}
	kmem_cache_shrink(&cache);
	page_alloc_fail_after(1);
	p = kmem_cache_alloc(&cache);
	EXPECT(t, p == NULL, "%p", p);
	page_alloc_fail_after(0);
	p = kmem_cache_alloc(&cache);
	EXPECT(t, p != NULL, "and then there was none");
	kmem_cache_free(&cache, p);
	kmem_cache_shrink(&cache);
}
