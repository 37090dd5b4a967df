/* SPDX-License-Identifier: MIT */
/*
 * tests/mm_pressure.c - memory for the kernel runs out while CPUs keep PGDs: they come
 * back, from all CPUs, and what ran goes on.
 */
#include "arch/x86_64/irq.h"
#include "arch/x86_64/pti.h"
#include "arch/x86_64/smp.h"
#include "kernel/sched.h"
#include "mm/pgd.h"
#include "mm/reclaim.h"
#include "mm/slab.h"
#include "mm/switch.h"
#include "tests/cpus.h"
#include "tests/harness.h"
#include "tests/loaded.h"
#include "tests/threads.h"
#include "tests/user_memory.h"

#define BASE	 0x30000000ul
#define MMS	 8u
#define FILL_MAX (768 * MIB / PAGE_SIZE) /* more takes too long to poison */

struct pressure {
	struct test *t;
	struct mm *mm[MMS];
	struct page *chain; /* all other memory */
	u64 pgds;	    /* kept with all mms in slots */
};

static void drain(void *arg)
{
	(void)arg;
	page_alloc_drain_cpu(cpu_id);
}

/* Each CPU has all mms in slots, as far as slots go, and the last one loaded, lazily. */
static void load_all(void *arg)
{
	const struct pressure *p = arg;

	for (u32 i = 0; i < MMS; i++)
		switch_mm(p->mm[i]);
}

static void expect_values(void *arg)
{
	const struct pressure *p = arg;

	for (u32 i = 0; i < MMS; i++) {
		switch_mm(p->mm[i]);
		EXPECT_EQ(p->t, get(i * TOP_ENTRY + BASE), i + 1);
	}
}

/* Pages of PGDs that stay: the reserves, and with pgd=space those loaded. */
static u64 pgds_reserved(void)
{
	u64 of_each = 1ul << pti_pgd_order(), cpus_up = cpumask_weight(&cpus_online);

	if (!pgd_copies_entries())
		return 0;
	switch (pgd_kind) {
	case PGD_COPY:
		return cpus_up * of_each;
	case PGD_SPACE:
		return 2 * cpus_up * of_each;
	default:
		return cpus_up * MIN(ASIDS_RESERVE, asids) * of_each;
	}
}

/* Single pages until there are no more. */
static void take_pages(struct pressure *p)
{
	struct page *page;

	while ((page = alloc_page(ZONE_KERNEL)) != NULL) {
		page->private[0] = (u64)p->chain;
		p->chain = page;
	}
}

/* All single pages that can be had, without anybody giving any back. */
static void fill(struct pressure *p)
{
	page_alloc_set_reclaim(NULL);
	for (u32 round = 0; round < 2; round++) {
		take_pages(p);
		on_each_cpu(drain, NULL);
	}
	EXPECT(p->t, alloc_page(ZONE_KERNEL) == NULL, "memory is not all taken");
}

static void empty(struct pressure *p)
{
	while (p->chain != NULL) {
		struct page *page = p->chain;

		p->chain = (struct page *)page->private[0];
		free_page(page);
	}
}

static bool begin(struct test *t, struct pressure *p)
{
	*p = (struct pressure){ .t = t };
	if (free_pages_now() > FILL_MAX) {
		test_skip(t, "writing and poisoning %lu MiB takes too long",
			  free_pages_now() * PAGE_SIZE / MIB);
		return false;
	}
	for (u32 i = 0; i < MMS; i++) {
		p->mm[i] = mm_create();
		EXPECT(t, p->mm[i] != NULL, "out of memory");
		EXPECT_EQ(t, map_anon(p->mm[i], i * TOP_ENTRY + BASE, PAGE_SIZE, RW), 0);
		use(p->mm[i]);
		EXPECT(t, put(i * TOP_ENTRY + BASE, i + 1), "mm %u", i);
	}
	use(NULL);
	kmem_shrink();
	on_each_cpu(load_all, p);
	p->pgds = pgd_pages_now();
	if (pgd_copies_entries() && pgd_kind != PGD_COPY && asids > ASIDS_RESERVE)
		EXPECT(t, p->pgds > pgds_reserved(), "%lu PGDs", p->pgds);
	fill(p);
	return true;
}

static void finish(struct pressure *p)
{
	empty(p);
	reclaim_init();
	on_each_cpu(expect_values, p);
	on_each_cpu(leave_mm, NULL);
	for (u32 i = 0; i < MMS; i++)
		mm_put(p->mm[i]);
	page_alloc_check();
}

/* An allocation that may wait gets what all CPUs give back, and succeeds. */
TEST("mm.pressure", pgds_come_back_at_once, .limit_ms = 120000)
{
	struct pressure p;
	struct page *page;

	if (!begin(t, &p))
		return;
	reclaim_init();
	page = alloc_page(ZONE_KERNEL);
	EXPECT_EQ(t, pgd_pages_now(), pgds_reserved());
	if (p.pgds > pgds_reserved())
		EXPECT(t, page != NULL, "%lu PGDs came back, and no page is free",
		       p.pgds - pgds_reserved());
	/* Without memory again, however much came back: slots are taken from each other. */
	fill(&p);
	reclaim_init();
	on_each_cpu(expect_values, &p);
	EXPECT_EQ(t, pgd_pages_now(), pgds_reserved());
	if (page != NULL)
		free_page(page);
	finish(&p);
}

/* One that may not, with interrupts off, fails; but then all give back by themselves. */
TEST("mm.pressure", pgds_come_back_later, .limit_ms = 120000)
{
	struct pressure p;
	struct page *page;
	u64 flags;
	u32 slots;

	if (!begin(t, &p))
		return;
	reclaim_init();
	flags = irq_save();
	slots = cpu_tlb.count;
	page = alloc_page(ZONE_KERNEL);
	EXPECT(t, page == NULL, "memory from nowhere");
	EXPECT_EQ(t, cpu_tlb.count, slots); /* the others answer at once */
	irq_restore(flags);
	while (pgd_pages_now() != pgds_reserved())
		cpu_pause(); /* the time limit is the test's */
	page_alloc_set_reclaim(NULL);
	on_each_cpu(drain, NULL);
	page = alloc_page(ZONE_KERNEL);
	if (p.pgds > pgds_reserved())
		EXPECT(t, page != NULL, "no page is free");
	if (page != NULL)
		free_page(page);
	on_each_cpu(expect_values, &p);
	finish(&p);
}

/* --- what nobody has is not asked for ------------------------------------------------------ */

#define FAILURES 1000u
#define OBJECTS	 16u /* of the largest size class: several slabs of them */

static void expect_failures(struct test *t)
{
	u32 failed = 0;

	for (u32 i = 0; i < FAILURES; i++)
		failed += alloc_page(ZONE_KERNEL) == NULL;
	EXPECT_EQ(t, failed, FAILURES);
}

static void free_on_cpu(void *page)
{
	free_page(page);
}

/* Another CPU's free page is found, by asking that CPU alone; here it is one of the chain. */
static void expect_found(struct pressure *p, u32 cpu)
{
	struct page *page = p->chain;
	u64 before = event_total(GIVE_BACKS);

	p->chain = (struct page *)page->private[0];
	run_on_cpu(cpu, free_on_cpu, page);
	take_pages(p);
	EXPECT(p->t, p->chain == page, "a page on CPU %u's stack was not found", cpu);
	EXPECT_EQ(p->t, event_total(GIVE_BACKS), before + 1);
}

/* However often allocations fail, no CPU is called that has nothing. */
TEST("mm.pressure", failing_again_asks_nobody, .cpus = 2, .limit_ms = 120000)
{
	struct pressure p;
	u64 before, flags;
	u32 cpu;

	if (!begin(t, &p))
		return;
	reclaim_init();
	take_pages(&p);
	before = event_total(GIVE_BACKS);
	expect_failures(t);
	flags = irq_save();
	expect_failures(t);
	irq_restore(flags);
	on_each_cpu(drain, NULL); /* interrupts that were sent have come */
	EXPECT_EQ(t, event_total(GIVE_BACKS), before);
	for_each_cpu (cpu, &cpus_online)
		if (cpu != cpu_id)
			expect_found(&p, cpu);
	finish(&p);
}

/* All memory is taken, but for an empty slab of kmalloc()'s. */
static bool begin_with_spare(struct test *t, struct pressure *p)
{
	void *objects[OBJECTS];
	bool begun;

	for (u32 i = 0; i < OBJECTS; i++)
		objects[i] = kmalloc(KMALLOC_MAX_CACHED);
	begun = begin(t, p);
	for (u32 i = 0; i < OBJECTS; i++)
		kfree(objects[i]);
	if (begun)
		fill(p);
	EXPECT(t, kmem_has_spare(), "no empty slab was kept");
	return begun;
}

TEST("mm.pressure", spare_slab_comes_back_at_once, .limit_ms = 120000)
{
	struct pressure p;
	struct page *page;

	if (!begin_with_spare(t, &p))
		return;
	reclaim_init();
	page = alloc_page(ZONE_KERNEL);
	EXPECT(t, page != NULL && !kmem_has_spare(), "an empty slab is kept");
	if (page != NULL)
		free_page(page);
	finish(&p);
}

TEST("mm.pressure", spare_slab_comes_back_later, .limit_ms = 120000)
{
	struct pressure p;
	struct page *page;
	u64 flags;

	if (!begin_with_spare(t, &p))
		return;
	reclaim_init();
	flags = irq_save();
	page = alloc_page(ZONE_KERNEL);
	EXPECT(t, page == NULL, "memory from nowhere");
	irq_restore(flags);
	on_each_cpu(drain, NULL); /* interrupts that were sent have come */
	page_alloc_set_reclaim(NULL);
	page = alloc_page(ZONE_KERNEL);
	EXPECT(t, page != NULL && !kmem_has_spare(), "an empty slab is kept");
	if (page != NULL)
		free_page(page);
	finish(&p);
}

/* --- a slot is bound while the run queue's lock is held ----------------------------------- */

#define OTHERS 4u /* more than the reserve */

struct sleeper {
	struct test *t;
	struct mm *mm;
	struct completion go, ready;
};

static int sleep_on_mm(void *arg)
{
	struct sleeper *s = arg;

	use(s->mm);
	complete(&s->ready);
	wait_for_completion(&s->go); /* and be switched to, without a slot or a page at hand */
	EXPECT_EQ(s->t, get(BASE), 7);
	use(NULL);
	return 0;
}

/* The sleeper's slot goes, to the others' mms or for good, and no page is on a stack. */
static void take_its_slot(void *arg)
{
	struct mm **others = arg;

	for (u32 i = 0; i < OTHERS; i++)
		switch_mm(others[i]);
	switch_to_neutral();
	asid_give_back();
	drain(NULL);
}

/* The switch gives a slot its PGD under the run queue's lock: the zones' come after it. */
TEST("mm.pressure", switch_without_pages_at_hand, .cpus = 2)
{
	struct sleeper s = { .t = t, .mm = mm_create() };
	struct mm *others[OTHERS];
	struct thread *thread;
	u32 cpu = cpumask_next(&cpus_online, cpu_id);

	for (u32 i = 0; i < OTHERS; i++)
		others[i] = mm_create();
	completion_init(&s.go);
	completion_init(&s.ready);
	EXPECT_EQ(t, map_anon(s.mm, BASE, PAGE_SIZE, RW), 0);
	use(s.mm);
	EXPECT(t, put(BASE, 7), "out of memory");
	use(NULL);
	thread = start_thread(t, cpu, "sleeper", sleep_on_mm, &s);
	if (thread != NULL) {
		wait_for_completion(&s.ready);
		while (thread_on_cpu(thread))
			yield();
		run_on_cpu(cpu, take_its_slot, others);
		complete(&s.go);
		thread_join(thread);
	}
	mm_put(s.mm);
	for (u32 i = 0; i < OTHERS; i++)
		mm_put(others[i]);
}
