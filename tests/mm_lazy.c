/* SPDX-License-Identifier: MIT */
/*
 * tests/mm_lazy.c - lazy faults where nothing may block: in an interrupt, and in the
 * middle of a switch, when the thread's mm is not the one that is loaded.
 *
 * Each mm is bound to a slot before it has anything; then its reference gains entries that
 * the copy of this CPU has not, since nobody accesses them here.
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/trap.h"
#include "lib/err.h"
#include "mm/kmap.h"
#include "mm/pgd.h"
#include "mm/switch.h"
#include "mm/user_pt.h"
#include "tests/cpus.h"
#include "tests/harness.h"
#include "tests/threads.h"
#include "tests/user_memory.h"

#define HERE	 (3 * TOP_ENTRY + 0x40000000ul)
#define THERE	 (9 * TOP_ENTRY + 0x40000000ul)
#define NOWHERE	 (5 * TOP_ENTRY + 0x40000000ul) /* a region, and no page */
#define A_HERE	 0xa1ul
#define B_HERE	 0xb1ul
#define B_THERE	 0xb2ul
#define FROM_IRQ 0x1ful

/* Give @mm a page at @va that holds @value, without an access to @va. */
static bool populate(struct mm *mm, vaddr_t va, u64 value)
{
	u32 level;
	u64 *p;

	if (map_anon(mm, va, PAGE_SIZE, RW) != 0 || mm_fault(mm, va, FAULT_WRITE) != 0)
		return false;
	p = kmap_local_page(user_pt_page(*user_pt_find(mm, va, &level)));
	*p = value;
	kunmap_local(p);
	return true;
}

static u64 lazy_faults_here(void)
{
	return this_cpu_read(event_counts[LAZY_FAULTS]);
}

/* What the handler of IRQ_TEST saw on each CPU. */
struct seen {
	bool done;
	u64 here, there, nowhere;
	bool wrote, wrote_nowhere;
};

static struct seen seen[MAX_CPUS];

static void copy_in_irq(struct trapframe *f)
{
	struct seen *s = &seen[cpu_id];

	(void)f;
	s->here = get(HERE);
	s->there = get(THERE);
	s->nowhere = get(NOWHERE);
	s->wrote = put(HERE, FROM_IRQ);
	s->wrote_nowhere = put(NOWHERE, FROM_IRQ);
	WRITE_ONCE(s->done, true);
}

static struct seen *interrupt_self(void)
{
	struct seen *s = &seen[cpu_id];

	*s = (struct seen){ .done = false };
	apic_send_ipi(apic_id(), IRQ_TEST);
	while (!READ_ONCE(s->done))
		cpu_pause();
	return s;
}

static int copy_in_an_interrupt(void *arg)
{
	struct test *t = arg;
	struct mm *mm = mm_create();
	const struct seen *s;
	u64 before;

	use(mm);
	EXPECT_EQ(t, map_anon(mm, NOWHERE, PAGE_SIZE, RW), 0);
	EXPECT(t, populate(mm, HERE, A_HERE), "out of memory");
	before = lazy_faults_here();
	s = interrupt_self();
	EXPECT_EQ(t, lazy_faults_here() - before, pgd_copies_entries());
	EXPECT_EQ(t, s->here, A_HERE);
	EXPECT_EQ(t, s->there, NO_VALUE);   /* no region */
	EXPECT_EQ(t, s->nowhere, NO_VALUE); /* would need a lock */
	EXPECT(t, s->wrote && !s->wrote_nowhere, "wrote %u %u", s->wrote, s->wrote_nowhere);
	EXPECT_EQ(t, get(HERE), FROM_IRQ);
	EXPECT_EQ(t, get(NOWHERE), 0);
	use(NULL);
	mm_put(mm);
	return 0;
}

/* A checked copy in an interrupt handler finds what only lacks its top-level entry. */
TEST("mm.lazy", copies_in_interrupts)
{
	irq_set_handler(IRQ_TEST, copy_in_irq);
	threads_on_each_cpu(t, 1, copy_in_an_interrupt, t, 0);
}

/* Both have a slot and pages at HERE, b one at THERE; a is used. */
static void make_both(struct test *t, struct mm *a, struct mm *b)
{
	use(b);
	use(a);
	EXPECT(t,
	       populate(a, HERE, A_HERE) && populate(b, HERE, B_HERE) &&
		       populate(b, THERE, B_THERE),
	       "out of memory");
}

/* Interrupts off, as between the change of current and switch_mm() in a switch of threads. */
static void fault_between(struct test *t, struct mm *a, struct mm *b)
{
	u64 flags = irq_save(), before = lazy_faults_here();

	current->mm = b;
	EXPECT_EQ(t, get(THERE), NO_VALUE); /* only b has that entry */
	EXPECT_EQ(t, lazy_faults_here(), before);
	EXPECT_EQ(t, get(HERE), A_HERE); /* both have it */
	EXPECT_EQ(t, lazy_faults_here() - before, pgd_copies_entries());
	switch_mm(b);
	EXPECT_EQ(t, get(HERE), B_HERE);
	EXPECT_EQ(t, get(THERE), B_THERE);
	current->mm = a; /* and back again */
	EXPECT_EQ(t, get(THERE), B_THERE);
	switch_mm(a);
	EXPECT_EQ(t, get(THERE), NO_VALUE);
	EXPECT_EQ(t, get(HERE), A_HERE);
	irq_restore(flags);
}

/* Nothing is loaded: nothing can be copied from anywhere, whatever the thread's mm is. */
static void fault_on_neutral(struct test *t, struct mm *a)
{
	u64 flags = irq_save();

	switch_to_neutral();
	EXPECT_EQ(t, get(HERE), NO_VALUE);
	switch_mm(a);
	EXPECT_EQ(t, get(HERE), A_HERE);
	irq_restore(flags);
}

static int fault_in_a_switch(void *arg)
{
	struct test *t = arg;
	struct mm *a = mm_create(), *b = mm_create();

	make_both(t, a, b);
	fault_between(t, a, b);
	fault_on_neutral(t, a);
	use(NULL);
	mm_put(a);
	mm_put(b);
	return 0;
}

/* The loaded slot says whose entry is copied, never current: else one mm sees another's memory. */
TEST("mm.lazy", the_loaded_slot_is_the_source)
{
	threads_on_each_cpu(t, 1, fault_in_a_switch, t, 0);
}

static int interrupt_in_a_switch(void *arg)
{
	struct test *t = arg;
	struct mm *a = mm_create(), *b = mm_create();
	const struct seen *s;

	make_both(t, a, b);
	preempt_disable();
	current->mm = b;
	s = interrupt_self();
	current->mm = a;
	preempt_enable();
	EXPECT_EQ(t, s->here, A_HERE);
	EXPECT_EQ(t, s->there, NO_VALUE);
	EXPECT_EQ(t, get(HERE), FROM_IRQ);
	use(b);
	EXPECT_EQ(t, get(HERE), B_HERE);
	use(NULL);
	mm_put(a);
	mm_put(b);
	return 0;
}

/* Both at once: the handler runs on a thread whose mm is not loaded. */
TEST("mm.lazy", interrupts_between_thread_and_mm)
{
	irq_set_handler(IRQ_TEST, copy_in_irq);
	threads_on_each_cpu(t, 1, interrupt_in_a_switch, t, 0);
}
