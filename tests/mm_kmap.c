/* SPDX-License-Identifier: MIT */
/*
 * tests/mm_kmap.c - kmap_local in one task, and in interrupts on top of it: nested, guarded, and
 * without an IPI.
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/migrate.h"
#include "arch/x86_64/probe.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/smp.h"
#include "mm/counters.h"
#include "mm/page_alloc.h"
#include "tests/cpus.h"
#include "tests/pile.h"
#include "tests/threads.h"

/* --- one task ------------------------------------------------------------------------------ */

static void nest(void *arg)
{
	struct pile *l = irq_pile[cpu_id];
	u32 below = kmap_depth; /* who is interrupted may hold some */

	(void)arg;
	for (u32 round = 0; round < 3; round++) {
		pile_to(l, KMAP_DEPTH - below);
		pile_check(l);
		pile_to(l, MIN(round, KMAP_DEPTH - below));
		pile_check(l);
		pile_to(l, 0);
	}
	EXPECT_EQ(l->t, kmap_depth, below);
}

static int nest_in_a_thread(void *arg)
{
	(void)arg;
	nest(NULL);
	return 0;
}

TEST("mm.kmap", nests_in_threads_and_interrupts)
{
	if (irq_piles_make(t)) {
		on_each_cpu(nest, NULL);
		threads_on_each_cpu(t, 1, nest_in_a_thread, NULL, 0);
	}
	irq_piles_free();
}

/* The pages around a mapping, and a mapping that was dropped. */
static void probe_the_window(void *arg)
{
	struct test *t = arg;
	struct pile *l = irq_pile[cpu_id];
	u32 absent = PROBE_FAULT(VECTOR_PF, 0);

	pile_to(l, KMAP_DEPTH - kmap_depth);
	for (u32 i = 0; i < l->depth; i++) {
		EXPECT_EQ(t, probe_read((vaddr_t)l->p[i]), 0);
		EXPECT_EQ(t, probe_read((vaddr_t)l->p[i] - 1), absent);
		EXPECT_EQ(t, probe_read((vaddr_t)l->p[i] + PAGE_SIZE), absent);
	}
	while (l->depth > 0) {
		pile_pop(l);
		EXPECT_EQ(t, probe_read((vaddr_t)l->p[l->depth]), absent);
		pile_check(l);
	}
	for (u32 depth = kmap_depth; depth < KMAP_DEPTH; depth++)
		EXPECT_EQ(t, *kmap_slot_pte(depth), KMAP_EMPTY);
}

TEST("mm.kmap", guards_and_dropped_pages_fault)
{
	if (!uses_the_window(t))
		return;
	if (irq_piles_make(t))
		on_each_cpu(probe_the_window, t);
	irq_piles_free();
}

static int hold_and_count(void *arg)
{
	struct pile l;

	if (pile_make(&l, arg))
		for (u32 depth = 0; depth <= KMAP_DEPTH; depth++) {
			pile_to(&l, depth);
			EXPECT_EQ(l.t, migrate_count, KMAP_PINS * depth);
			EXPECT_EQ(l.t, preempt_count, 0);
		}
	pile_free(&l);
	EXPECT_EQ(l.t, migrate_count, 0);
	return 0;
}

/* The percpu kernel's holders may move, the classic one's may not; both may be preempted. */
TEST("mm.kmap", pins_in_the_classic_kernel_only)
{
	if (uses_the_window(t))
		threads_on_each_cpu(t, 1, hold_and_count, t, 0);
}

TEST("mm.kmap", direct_where_the_direct_map_reaches)
{
	struct page *page = alloc_page(ZONE_KERNEL);
	void *p;

	if (kmap_kind != KMAP_DIRECT || page == NULL) {
		test_skip(t, "kmap=window");
		free_page(page);
		return;
	}
	p = kmap_local_page(page);
	EXPECT(t, p == page_address(page), "at %p", p);
	EXPECT_EQ(t, kmap_depth, 0);
	kunmap_local(p);
	free_page(page);
}

/* --- interrupts ---------------------------------------------------------------------------- */

static u32 irqs_seen[MAX_CPUS];

static void map_in_an_interrupt(struct trapframe *f)
{
	(void)f;
	nest(NULL);
	WRITE_ONCE(irqs_seen[cpu_id], irqs_seen[cpu_id] + 1);
}

static int interrupt_at_each_depth(void *arg)
{
	struct pile l;
	u32 before;

	if (pile_make(&l, arg))
		for (u32 depth = 0; depth <= KMAP_DEPTH; depth++) {
			pile_to(&l, depth);
			migrate_disable();
			before = READ_ONCE(irqs_seen[cpu_id]);
			apic_send_ipi(apic_id(), IRQ_TEST);
			while (READ_ONCE(irqs_seen[cpu_id]) == before)
				cpu_pause();
			migrate_enable();
			pile_check(&l);
		}
	pile_free(&l);
	return 0;
}

TEST("mm.kmap", interrupts_use_the_slots_above)
{
	irq_set_handler(IRQ_TEST, map_in_an_interrupt);
	if (irq_piles_make(t))
		threads_on_each_cpu(t, 1, interrupt_at_each_depth, t, 0);
	irq_piles_free();
}

/* --- IPIs ---------------------------------------------------------------------------------- */

/* All that a mapping and a switch do, with interrupts off, so that the count is theirs. */
static void count_ipis(void *arg)
{
	struct pile *l = irq_pile[cpu_id];
	u64 before = apic_sent, flushes = event_total(IPIS_SENT);
	struct kmap_stack saved = { .depth = 0 };

	for (u32 depth = 0; depth <= KMAP_DEPTH - kmap_depth; depth++) {
		pile_to(l, depth);
		kmap_switch_out(&saved);
		EXPECT_EQ(l->t, kmap_depth, 0);
		kmap_switch_in(&saved);
		pile_check(l);
	}
	pile_to(l, 0);
	EXPECT_EQ(l->t, apic_sent, before);
	EXPECT_EQ(l->t, event_total(IPIS_SENT), flushes);
	(void)arg;
}

TEST("mm.kmap", no_ipi_is_sent)
{
	if (irq_piles_make(t))
		on_each_cpu(count_ipis, NULL);
	irq_piles_free();
}
