/* SPDX-License-Identifier: MIT */
/*
 * tests/mm_counters.c - what an mm's counters say of a script whose counts are known.
 *
 * CPUs other than the boot CPU have no thread of the mms: they load them in calls, and read
 * there what needs no more than an entry of the top level.
 */
#include "arch/x86_64/ipi.h"
#include "mm/pgd.h"
#include "mm/totals.h"
#include "tests/cpus.h"
#include "tests/harness.h"
#include "tests/loaded.h"
#include "tests/user_memory.h"

#define BASE 0x30000000ul
#define FAR  (7 * TOP_ENTRY + BASE)

/* How many of an event there must be in a kernel that copies entries, and in the other. */
static u64 either(u64 percpu, u64 classic)
{
	return pgd_copies_entries() ? percpu : classic;
}

/* Slots of two mms stay theirs. */
static bool slots_stay(void)
{
	return asids > 2;
}

static void read_base(void *value)
{
	*(u64 *)value = get(BASE + PAGE_SIZE);
}

static void on_other_cpu(ipi_fn fn, void *arg)
{
	struct cpumask other = { 0 };

	cpumask_set(&other, cpumask_next(&cpus_online, cpu_id));
	run_on_cpus(&other, fn, arg);
}

static void put_pages(struct test *t, vaddr_t va, u32 n)
{
	for (u32 i = 0; i < n; i++)
		EXPECT(t, put(va + i * PAGE_SIZE, i + 1), "page %u", i);
}

/* @mm gets so many pages at BASE and at FAR, none of which is there, and is used. */
static void map_both(struct test *t, struct mm *mm, u32 base, u32 far)
{
	EXPECT_EQ(t, map_anon(mm, BASE, base * PAGE_SIZE, RW), 0);
	EXPECT_EQ(t, map_anon(mm, FAR, far * PAGE_SIZE, RW), 0);
	use(mm);
}

/* Another CPU has @mm, and the entry of BASE. */
static void read_elsewhere(struct test *t, struct mm *mm)
{
	u64 value = 0;

	on_other_cpu(load_mm, mm);
	on_other_cpu(read_base, &value);
	EXPECT_EQ(t, value, 2);
}

/* CR3 is written once for each load and each whole flush. */
static void expect_consistent(struct test *t, const struct totals *a)
{
	EXPECT_EQ(t, a->switches, a->hits + a->slots_set_up);
	EXPECT_EQ(t, a->cr3_keeps + a->cr3_flushes,
		  a->switches + a->whole_flushes + a->neutral_loads);
	EXPECT_EQ(t, a->cr3_keeps, tlb_has_tags() ? a->hits - a->switch_flushes : 0);
}

/* Hits with a current generation, a slot that passes the ring, and one that is flushed. */
TEST("mm.counters", switches_on_one_cpu)
{
	struct mm *a = mm_create(), *b = mm_create();
	u64 passes = tlb_has_tags() ? either(1, 0) : 0; /* pcid=off replays no records */
	struct totals of_a, of_b, before, after;

	if (!slots_stay()) {
		test_skip(t, "asids=%u: no slot stays an mm's", asids);
		mm_put(a);
		mm_put(b);
		return;
	}
	all_totals(&before);
	EXPECT_EQ(t, map_anon(a, BASE, 2 * PAGE_SIZE, RW), 0);
	EXPECT_EQ(t, map_anon(a, FAR, 2 * PAGE_SIZE, RW), 0);
	for (u32 i = 0; i < 5; i++) { /* a set-up and four hits each, the slots are current */
		use(a);
		use(b);
	}
	use(a);
	put_pages(t, BASE, 2);
	use(b);
	/* a's slot lacks the entry of FAR: in the percpu kernel it passes the record. */
	EXPECT_EQ(t, mm_fault(a, FAR, FAULT_WRITE), 0);
	EXPECT_EQ(t, mm_fault(a, FAR + PAGE_SIZE, FAULT_WRITE), 0);
	EXPECT_EQ(t, mm_unmap(a, FAR, FAR + PAGE_SIZE), 0);
	use(a);
	use(b);
	/* It has that of BASE. */
	EXPECT_EQ(t, mm_unmap(a, BASE, BASE + PAGE_SIZE), 0);
	use(a);
	mm_totals(a, &of_a);
	mm_totals(b, &of_b);
	all_totals(&after);

	EXPECT_EQ(t, of_a.switches, 8);
	EXPECT_EQ(t, of_a.slots_set_up, 1);
	EXPECT_EQ(t, of_a.hits, 7);
	EXPECT_EQ(t, of_a.ring_passes, passes);
	EXPECT_EQ(t, of_a.switch_flushes, 2 - passes);
	EXPECT_EQ(t, of_a.cr3_keeps, tlb_has_tags() ? 5 + passes : 0);
	EXPECT_EQ(t, of_a.cr3_flushes, tlb_has_tags() ? 3 - passes : 8);
	EXPECT_EQ(t, of_a.flushes, 2);
	EXPECT_EQ(t, of_a.page_faults, 4);
	EXPECT_EQ(t, of_a.invlpgs + of_a.whole_flushes + of_a.ipis_sent + of_a.ipis_skipped, 0);
	EXPECT_EQ(t, of_a.pgds_now, 1);
	EXPECT_EQ(t, of_a.pgds_peak, 1);
	EXPECT_EQ(t, of_b.switches, 7);
	EXPECT_EQ(t, of_b.slots_set_up, 1);
	EXPECT_EQ(t, of_b.flushes + of_b.ring_passes + of_b.switch_flushes, 0);
	expect_consistent(t, &of_a);
	expect_consistent(t, &of_b);
	expect_consistent(t, &after);
	EXPECT_EQ(t, after.switches - before.switches, of_a.switches + of_b.switches);
	EXPECT_EQ(t, after.entries_copied - before.entries_copied,
		  of_a.entries_copied + of_b.entries_copied);
	use(NULL);
	mm_put(a);
	mm_put(b);
}

/* An entry that arrives by a fault, by a set-up on another CPU, and never. */
TEST("mm.counters", entries_and_their_faults, .cpus = 2)
{
	struct mm *mm = mm_create();
	struct totals all;

	if (pgd_kind != PGD_ASID) {
		test_skip(t, "pgd=%s copies at other times", pgd_words[pgd_kind]);
		mm_put(mm);
		return;
	}
	map_both(t, mm, 2, 1);
	put_pages(t, BASE, 2);
	put_pages(t, FAR, 1);
	mm_totals(mm, &all);
	EXPECT_EQ(t, all.page_faults, 3);
	EXPECT_EQ(t, all.lazy_faults, either(2, 0));
	EXPECT_EQ(t, all.entries_copied, either(2, 0));

	read_elsewhere(t, mm);
	mm_totals(mm, &all);
	EXPECT_EQ(t, all.switches, 2);
	EXPECT_EQ(t, all.slots_set_up, 2);
	EXPECT_EQ(t, all.pgds_now, 2);
	EXPECT_EQ(t, all.pgds_peak, 2);
	EXPECT_EQ(t, all.lazy_faults, either(fill_policy == FILL_SETUP ? 2 : 3, 0));
	EXPECT_EQ(t, all.entries_copied, either(fill_policy == FILL_SETUP ? 4 : 3, 0));
	expect_consistent(t, &all);
	on_other_cpu(leave_mm, NULL);
	use(NULL);
	mm_put(mm);
}

/* Both CPUs have the entry of BASE; the boot CPU alone has that of FAR. */
TEST("mm.counters", flushes_on_two_cpus, .cpus = 2)
{
	struct mm *mm = mm_create();
	struct totals all;

	map_both(t, mm, 4, 2);
	put_pages(t, BASE, 4);
	read_elsewhere(t, mm);
	put_pages(t, FAR, 2);
	EXPECT_EQ(t, mm_unmap(mm, BASE, BASE + PAGE_SIZE), 0); /* an INVLPG on each */
	EXPECT_EQ(t, mm_unmap(mm, FAR, FAR + PAGE_SIZE), 0);   /* here, and where it may be */
	mm_totals(mm, &all);
	EXPECT_EQ(t, all.flushes, 2);
	EXPECT_EQ(t, all.ipis_sent, either(1, 2));
	EXPECT_EQ(t, all.ipis_skipped, either(1, 0));
	EXPECT_EQ(t, all.invlpgs, either(3, 4));
	EXPECT_EQ(t, all.whole_flushes, 0);
	EXPECT_EQ(t, all.cow_copies, 0);

	/* The last pages of their tables: flushed whole on both. */
	EXPECT_EQ(t, mm_unmap(mm, BASE, BASE + 4 * PAGE_SIZE), 0);
	mm_totals(mm, &all);
	EXPECT_EQ(t, all.flushes, 3);
	EXPECT_EQ(t, all.ipis_sent, either(2, 3));
	EXPECT_EQ(t, all.ipis_skipped, either(1, 0));
	EXPECT_EQ(t, all.invlpgs, either(3, 4));
	EXPECT_EQ(t, all.whole_flushes, 2);
	EXPECT_EQ(t, all.switches, 2);
	expect_consistent(t, &all);
	on_other_cpu(leave_mm, NULL);
	use(NULL);
	mm_put(mm);
}

/* A shared page is copied for the side that writes first, and counted there. */
TEST("mm.counters", copies_on_write)
{
	struct mm *parent = mm_create(), *child;
	struct totals of_parent, of_child;

	EXPECT_EQ(t, map_anon(parent, BASE, 2 * PAGE_SIZE, RW), 0);
	use(parent);
	put_pages(t, BASE, 2);
	child = mm_fork(parent);
	put_pages(t, BASE, 2);
	mm_totals(parent, &of_parent);
	mm_totals(child, &of_child);
	EXPECT_EQ(t, of_parent.page_faults, 4);
	EXPECT_EQ(t, of_parent.cow_copies, 2);
	EXPECT_EQ(t, of_parent.flushes, 3); /* the fork's, and one for each page */
	EXPECT_EQ(t, of_child.cow_copies + of_child.page_faults + of_child.switches, 0);
	use(NULL);
	mm_put(parent);
	mm_put(child);
}
