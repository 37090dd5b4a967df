/* SPDX-License-Identifier: MIT */
/*
 * tests/mm_shootdown.c - address spaces on several CPUs: R1 to R5 and R10 as far as a
 * machine whose TLB forgets can show them; tests/sim/ shows the rest.
 */
#include "kernel/sched.h"
#include "lib/err.h"
#include "mm/pgd.h"
#include "mm/slab.h"
#include "tests/cpus.h"
#include "tests/harness.h"
#include "tests/storm.h"
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
		EXPECT_EQ(t, event_total(RING_PASSES), passes + 1);
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

/* --- the storm ------------------------------------------------------------------------------- */

#define STORM_MMS   24
#define STORM_PAGES 6u

struct storm {
	struct test *t;
	struct mm *mm[STORM_MMS];
	u64 seed;
	struct storm_clock clock;
};

struct stormer {
	struct storm *s;
	struct thread *thread;
	u64 model[STORM_MMS]
		 [STORM_PAGES]; /* what this CPU's pages of each mm hold; 0: nothing yet */
};

static vaddr_t storm_address(u32 cpu, u32 page)
{
	return (u64)(1 + cpu % 8 * 3 + page % 3) * TOP_ENTRY + BASE + (u64)cpu * MIB +
	       page * PAGE_SIZE;
}

/* One step: on some mm, look at a page, and then write it, unmap it, or make it read-only. */
static void storm_step(struct stormer *w, struct rand *r, u32 cpu)
{
	u32 m = (u32)rand_below(r, STORM_MMS), page = (u32)rand_below(r, STORM_PAGES);
	vaddr_t va = storm_address(cpu, page);
	struct mm *mm = w->s->mm[m];
	u64 *model = &w->model[m][page], value = rand_next(r) | 1;

	use(mm);
	EXPECT(w->s->t, get(va) == *model, "CPU %u: mm %u page %u holds %#lx, expected %#lx", cpu,
	       m, page, get(va), *model);
	switch (rand_below(r, 4)) {
	case 0:
		if (mm_unmap(mm, va, va + PAGE_SIZE) == 0 && map_anon(mm, va, PAGE_SIZE, RW) == 0)
			*model = 0;
		break;
	case 1:
		EXPECT_EQ(w->s->t, mm_protect(mm, va, va + PAGE_SIZE, REGION_READ), 0);
		EXPECT(w->s->t, !put(va, value), "CPU %u: wrote to a read-only page", cpu);
		EXPECT_EQ(w->s->t, mm_protect(mm, va, va + PAGE_SIZE, RW), 0);
		break;
	default:
		EXPECT(w->s->t, put(va, value), "CPU %u: mm %u page %u", cpu, m, page);
		*model = value;
	}
}

static int storm_thread(void *arg)
{
	struct stormer *w = arg;
	struct rand r;

	rand_seed(&r, w->s->seed + current->cpu);
	while (storm_step_due(&w->s->clock) && !test_failed(w->s->t)) {
		storm_step(w, &r, current->cpu);
		cond_resched();
	}
	use(NULL);
	return 0;
}

/* Pages that the storm may come to need, tables included, at the most. */
static u64 storm_pages(void)
{
	u32 n = cpumask_weight(&cpus_online);

	return (u64)STORM_MMS *
	       (n * 2 * STORM_PAGES + (PT_LEVEL_TOP - 1) * MIN(3 * n, USER_ENTRIES) + 8);
}

/* In the kernel's zone, where tables must be, and in all. */
static bool storm_fits(void)
{
	struct page_alloc_stats kernel;

	page_alloc_stats(ZONE_KERNEL, &kernel);
	return kernel.free > storm_pages() && free_pages_now() > 2 * storm_pages();
}

static bool storm_prepare(struct storm *s)
{
	u32 cpu;

	for (u32 m = 0; m < STORM_MMS; m++) {
		s->mm[m] = mm_create();
		if (s->mm[m] == NULL)
			return false;
		for_each_cpu (cpu, &cpus_online)
			for (u32 page = 0; page < STORM_PAGES; page++)
				if (map_anon(s->mm[m], storm_address(cpu, page), PAGE_SIZE, RW))
					return false;
	}
	return true;
}

/* Many mms on few slots, from all CPUs at once; each CPU knows what its pages must hold. */
TEST("mm.shootdown", storm_on_all_cpus)
{
	static struct storm s;
	static struct stormer *w[MAX_CPUS];
	struct rand r = test_rand(t);
	u32 cpu;

	s.t = t;
	s.seed = rand_next(&r);
	if (!storm_fits() || !storm_prepare(&s)) {
		for (u32 m = 0; m < STORM_MMS; m++)
			if (s.mm[m] != NULL)
				mm_put(s.mm[m]);
		test_skip(t, "too little memory for %u address spaces", STORM_MMS);
		return;
	}
	storm_start(&s.clock, STORM_UNBOUNDED);
	for_each_cpu (cpu, &cpus_online) {
		w[cpu] = kzalloc(sizeof(*w[cpu]));
		if (w[cpu] == NULL)
			continue;
		w[cpu]->s = &s;
		w[cpu]->thread = thread_create_on(cpu, "storm", storm_thread, w[cpu]);
		if (w[cpu]->thread != NULL)
			thread_start(w[cpu]->thread);
	}
	for_each_cpu (cpu, &cpus_online) {
		if (w[cpu] != NULL && w[cpu]->thread != NULL)
			thread_join(w[cpu]->thread);
		kfree(w[cpu]);
	}
	storm_steps(t, &s.clock, &cpus_online);
	for (u32 m = 0; m < STORM_MMS; m++)
		mm_put(s.mm[m]);
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
		kmalloc_shrink();
		if (k == 0)
			before = free_pages_now();
	}
	EXPECT_EQ(t, free_pages_now(), before);
}
