/* SPDX-License-Identifier: MIT */
/*
 * tests/mm_shootdown.c - address spaces on several CPUs: R1 to R5 and R10 as far as a
 * machine whose TLB forgets can show them; tests/sim/ shows the rest.
 */
#include "arch/x86_64/pcid.h"
#include "kernel/sched.h"
#include "lib/err.h"
#include "mm/pgd.h"
#include "mm/slab.h"
#include "tests/cpus.h"
#include "tests/harness.h"
#include "tests/user_memory.h"

#define BASE 0x20000000ul

/* A thread on another CPU that does one thing at a time for a test. */
struct helper {
	struct thread *thread;
	void (*fn)(void *arg); /* NULL: end */
	void *arg;
	struct completion go, done;
};

static int help(void *arg)
{
	struct helper *h = arg;

	for (;;) {
		wait_for_completion(&h->go);
		if (h->fn == NULL)
			break;
		h->fn(h->arg);
		complete(&h->done);
	}
	use(NULL);
	return 0;
}

static bool helper_start(struct test *t, struct helper *h, u32 cpu)
{
	completion_init(&h->go);
	completion_init(&h->done);
	h->thread = thread_create_on(cpu, "helper", help, h);
	EXPECT(t, h->thread != NULL, "out of memory");
	if (h->thread == NULL)
		return false;
	thread_start(h->thread);
	return true;
}

static void helper_do(struct helper *h, void (*fn)(void *arg), void *arg)
{
	h->fn = fn;
	h->arg = arg;
	complete(&h->go);
	wait_for_completion(&h->done);
}

static void helper_end(struct helper *h)
{
	h->fn = NULL;
	complete(&h->go);
	thread_join(h->thread);
}

static u32 other_cpu(void)
{
	return cpumask_next(&cpus_online, cpu_id);
}

struct access {
	vaddr_t va;
	u64 value;
};

static void do_use(void *arg)
{
	use(arg);
}

static void do_get(void *arg)
{
	struct access *a = arg;

	a->value = get(a->va);
}

static u64 get_there(struct helper *h, vaddr_t va)
{
	struct access a = { .va = va };

	helper_do(h, do_get, &a);
	return a.value;
}

/* Another CPU that has just used a page must not find it after the unmap. */
TEST("mm.shootdown", unmap_reaches_a_running_cpu, .cpus = 2)
{
	struct mm *mm = mm_create();
	struct helper h;

	if (!helper_start(t, &h, other_cpu()))
		return;
	use(mm);
	helper_do(&h, do_use, mm);
	for (u64 round = 1; round <= 50; round++) {
		EXPECT_EQ(t, map_anon(mm, BASE, 2 * PAGE_SIZE, RW), 0);
		put(BASE, round);
		put(BASE + PAGE_SIZE, round);
		EXPECT_EQ(t, get_there(&h, BASE), round);
		EXPECT_EQ(t, mm_unmap(mm, BASE, BASE + PAGE_SIZE), 0);
		EXPECT_EQ(t, get_there(&h, BASE), NO_VALUE);
		EXPECT_EQ(t, get_there(&h, BASE + PAGE_SIZE), round);
		EXPECT_EQ(t, mm_unmap(mm, BASE, BASE + 2 * PAGE_SIZE), 0);
	}
	helper_end(&h);
	use(NULL);
	mm_put(mm);
}

/* ... and not when it has switched away in between and comes back to the same slot. */
struct visit {
	struct mm *mm;
	u64 found;
};

static void visit(void *arg)
{
	struct visit *v = arg;

	use(v->mm);
	v->found = get(BASE);
	(void)put(BASE, 1);
	use(NULL);
}

/* No thread runs on the mm, and a CPU that has borrowed it has it loaded when one comes back. */
TEST("mm.shootdown", unmap_reaches_who_borrows, .cpus = 2)
{
	struct visit v = { .mm = mm_create() };
	struct helper h;

	if (v.mm == NULL || !helper_start(t, &h, other_than(cpu_id))) {
		EXPECT(t, false, "out of memory");
		return;
	}
	for (u32 i = 0; i < 3; i++) {
		EXPECT_EQ(t, map_anon(v.mm, BASE, PAGE_SIZE, RW), 0);
		helper_do(&h, visit, &v);
		EXPECT_EQ(t, v.found, 0);
		EXPECT_EQ(t, mm_unmap(v.mm, BASE, BASE + PAGE_SIZE), 0);
	}
	helper_end(&h);
	mm_put(v.mm);
}

TEST("mm.shootdown", unmap_reaches_an_inactive_slot, .cpus = 2)
{
	struct mm *mm = mm_create(), *other = mm_create();
	struct helper h;

	if (!helper_start(t, &h, other_cpu()))
		return;
	use(mm);
	for (u64 round = 1; round <= 50; round++) {
		EXPECT_EQ(t, map_anon(mm, BASE, PAGE_SIZE, RW), 0);
		put(BASE, round);
		helper_do(&h, do_use, mm);
		EXPECT_EQ(t, get_there(&h, BASE), round);
		helper_do(&h, do_use, other);
		EXPECT_EQ(t, mm_unmap(mm, BASE, BASE + PAGE_SIZE), 0);
		helper_do(&h, do_use, mm);
		EXPECT_EQ(t, get_there(&h, BASE), NO_VALUE);
	}
	helper_end(&h);
	use(NULL);
	mm_put(mm);
	mm_put(other);
}

/* Writers lose the right at once, wherever they run; fork's children see a snapshot. */
TEST("mm.shootdown", protect_and_fork_reach_writers, .cpus = 2)
{
	struct mm *mm = mm_create(), *child;
	struct helper h;

	if (!helper_start(t, &h, other_cpu()))
		return;
	EXPECT_EQ(t, map_anon(mm, BASE, PAGE_SIZE, RW), 0);
	use(mm);
	put(BASE, 1);
	helper_do(&h, do_use, mm);
	EXPECT_EQ(t, get_there(&h, BASE), 1);
	child = mm_fork(mm);
	EXPECT(t, child != NULL, "out of memory");
	EXPECT_EQ(t, get_there(&h, BASE), 1); /* has the shared page's translation */
	put(BASE, 2);
	EXPECT_EQ(t, get_there(&h, BASE), 2); /* the copy, not the page that was shared */
	helper_do(&h, do_use, child);
	EXPECT_EQ(t, get_there(&h, BASE), 1);
	helper_end(&h);
	use(NULL);
	mm_put(mm);
	mm_put(child);
}

/*
 * The worst case of R10: a CPU has the mm loaded with nothing in it, and then each of the
 * 256 entries arrives by a fault, once.
 */
TEST("mm.shootdown", lazy_faults_reach_their_bound, .cpus = 2)
{
	struct mm *mm = mm_create();
	struct helper h;
	u64 before, bound = 0;

	if (!helper_start(t, &h, other_cpu()))
		return;
	use(mm);
	helper_do(&h, do_use, mm);
	before = event_total(LAZY_FAULTS);
	for (u64 e = 0; e < USER_ENTRIES; e++) {
		vaddr_t va = e * TOP_ENTRY + BASE;

		EXPECT_EQ(t, map_anon(mm, va, PAGE_SIZE, RW), 0);
		EXPECT(t, put(va, e), "entry %lu", e);
	}
	for (u32 round = 0; round < 2; round++)
		for (u64 e = 0; e < USER_ENTRIES; e++)
			EXPECT_EQ(t, get_there(&h, e * TOP_ENTRY + BASE), e);
	if (pgd_copies_entries())
		bound = 2 * USER_ENTRIES;
	EXPECT_EQ(t, event_total(LAZY_FAULTS) - before, bound);
	helper_end(&h);
	use(NULL);
	mm_put(mm);
}

/* A CPU that never had the entry is not interrupted, and pays nothing later either. */
TEST("mm.shootdown", skips_cpus_without_the_entry, .cpus = 2)
{
	struct mm *mm = mm_create(), *other = mm_create();
	struct helper h;
	u64 sent, skipped, passes;
	vaddr_t far = 7 * TOP_ENTRY + BASE;

	if (!pgd_copies_entries()) {
		test_skip(t, "this kernel copies no entries");
		mm_put(mm);
		mm_put(other);
		return;
	}
	if (!helper_start(t, &h, other_cpu()))
		return;
	EXPECT_EQ(t, map_anon(mm, BASE, PAGE_SIZE, RW), 0);
	EXPECT_EQ(t, map_anon(mm, far, 2 * PAGE_SIZE, RW), 0);
	use(mm);
	put(BASE, 1);
	helper_do(&h, do_use, mm);
	EXPECT_EQ(t, get_there(&h, BASE), 1);
	put(far, 2);
	put(far + PAGE_SIZE, 3);
	sent = event_total(IPIS_SENT);
	skipped = event_total(IPIS_SKIPPED);
	EXPECT_EQ(t, mm_unmap(mm, far, far + PAGE_SIZE), 0);
	EXPECT_EQ(t, event_total(IPIS_SENT), sent);
	EXPECT_EQ(t, event_total(IPIS_SKIPPED), skipped + 1);

	passes = event_total(RING_PASSES);
	helper_do(&h, do_use, other);
	helper_do(&h, do_use, mm);
	if (asids > 1) /* else the one slot has been the other's, and was set up anew */
		EXPECT_EQ(t, event_total(RING_PASSES) - passes, tlb_has_tags());
	EXPECT_EQ(t, get_there(&h, far), NO_VALUE);
	EXPECT_EQ(t, get_there(&h, far + PAGE_SIZE), 3);
	helper_end(&h);
	use(NULL);
	mm_put(mm);
	mm_put(other);
}

static void do_unuse(void *arg)
{
	(void)arg;
	kthread_unuse_mm();
}

/* An mm that dies while another CPU has it loaded, borrowed, or cached in a slot. */
TEST("mm.shootdown", death_elsewhere, .cpus = 2)
{
	struct mm *last = mm_create();
	struct helper h;
	u64 before = 0;

	if (!helper_start(t, &h, other_cpu()))
		return;
	for (u32 round = 0; round < 40; round++) {
		struct mm *mm = mm_create();
		u64 ctx_id = mm->ctx_id;

		EXPECT_EQ(t, map_anon(mm, BASE, 4 * PAGE_SIZE, RW), 0);
		use(mm);
		put(BASE, round);
		helper_do(&h, do_use, mm);
		EXPECT_EQ(t, get_there(&h, BASE), round);
		if (round % 2 == 0)
			helper_do(&h, do_unuse, NULL); /* borrowed from here on */
		else
			helper_do(&h, do_use, last); /* cached */
		use(NULL);
		mm_put(mm);
		EXPECT(t, per_cpu_ptr(&cpu_tlb, h.thread->cpu)->loaded_ctx != ctx_id,
		       "round %u: the mm is dead and loaded", round);
		EXPECT_EQ(t, get_there(&h, BASE), NO_VALUE);
		if (round % 2 == 0)
			helper_do(&h, do_use, last);
		helper_do(&h, do_unuse, NULL);
		if (round == 1)
			before = free_pages_now();
	}
	EXPECT_EQ(t, free_pages_now(), before);
	helper_do(&h, do_use, last);
	helper_end(&h);
	mm_put(last);
}

/* Whatever allocation fails, an error comes back and nothing is lost. */
TEST("mm.shootdown", out_of_memory_everywhere)
{
	u64 before = 0;

	if (!CONFIG_DEBUG) {
		test_skip(t, "release build");
		return;
	}
	for (u64 k = 0; k < 40; k++) {
		struct mm *mm, *child = NULL;

		page_alloc_fail_after(k);
		mm = mm_create();
		if (mm != NULL && map_anon(mm, BASE, 4 * PAGE_SIZE, RW) == 0) {
			use(mm);
			put(BASE, k);
			child = mm_fork(mm);
			put(BASE, k + 1);
		}
		page_alloc_fail_after(0);
		use(NULL);
		if (child != NULL)
			mm_put(child);
		if (mm != NULL)
			mm_put(mm);
		kmem_shrink();
		if (k == 0)
			before = free_pages_now();
	}
	EXPECT_EQ(t, free_pages_now(), before);
}
