/* SPDX-License-Identifier: MIT */
/*
 * tests/mm_kmap.c - kmap_local: nested, interrupted, across switches of threads and tables.
 *
 * Each page holds a number of its own, so that a mapping that shows another page is seen.
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/probe.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/time.h"
#include "kernel/sched.h"
#include "mm/kmap.h"
#include "mm/slab.h"
#include "mm/switch.h"
#include "tests/cpus.h"
#include "tests/harness.h"
#include "tests/puppet.h"
#include "tests/storm.h"
#include "tests/threads.h"
#include "tests/user_memory.h"

#define LAST_WORD (PAGE_SIZE / sizeof(u64) - 1)
#define SLEEP_NS  (200 * NS_PER_US)

/* Pages, and the mappings of the first ones, made in this order. */
struct pile {
	struct test *t;
	u64 tag; /* page n holds tag + n in its first and last word */
	u32 depth;
	struct page *page[KMAP_DEPTH];
	u64 *p[KMAP_DEPTH];
};

static void push(struct pile *l)
{
	l->p[l->depth] = kmap_local_page(l->page[l->depth]);
	l->depth++;
}

static void pop(struct pile *l)
{
	kunmap_local(l->p[--l->depth]);
}

static void push_to(struct pile *l, u32 depth)
{
	while (l->depth < depth)
		push(l);
	while (l->depth > depth)
		pop(l);
}

static void check(struct pile *l)
{
	for (u32 i = 0; i < l->depth; i++) {
		u64 first = READ_ONCE(l->p[i][0]), last = READ_ONCE(l->p[i][LAST_WORD]);

		EXPECT(l->t, first == l->tag + i && last == l->tag + i,
		       "mapping %u of %u at %p holds %#lx and %#lx, expected %#lx", i, l->depth,
		       (void *)l->p[i], first, last, l->tag + i);
	}
}

/* Pages with numbers nobody else has.  False: out of memory, and the test fails. */
static bool pile_make(struct pile *l, struct test *t)
{
	static u64 next;

	*l = (struct pile){ .t = t };
	l->tag = __atomic_add_fetch(&next, KMAP_DEPTH, __ATOMIC_RELAXED);
	for (u32 i = 0; i < KMAP_DEPTH; i++) {
		u64 *p;

		l->page[i] = alloc_page(ZONE_USER);
		EXPECT(t, l->page[i] != NULL, "out of memory");
		if (l->page[i] == NULL)
			return false;
		p = kmap_local_page(l->page[i]);
		p[0] = l->tag + i;
		p[LAST_WORD] = l->tag + i;
		kunmap_local(p);
	}
	return true;
}

static void pile_free(struct pile *l)
{
	push_to(l, 0);
	for (u32 i = 0; i < KMAP_DEPTH; i++)
		if (l->page[i] != NULL)
			put_page(l->page[i]);
}

/* A pile for each CPU's interrupts, which have no memory of their own. */
static struct pile *in_irq[MAX_CPUS];

static bool irq_piles_make(struct test *t)
{
	u32 cpu;

	for_each_cpu (cpu, &cpus_online) {
		in_irq[cpu] = kmalloc(sizeof(struct pile));
		EXPECT(t, in_irq[cpu] != NULL, "out of memory");
		if (in_irq[cpu] == NULL || !pile_make(in_irq[cpu], t))
			return false;
	}
	return true;
}

static void irq_piles_free(void)
{
	u32 cpu;

	for_each_cpu (cpu, &cpus_online) {
		if (in_irq[cpu] != NULL)
			pile_free(in_irq[cpu]);
		kfree(in_irq[cpu]);
		in_irq[cpu] = NULL;
	}
}

static bool uses_the_window(struct test *t)
{
	if (kmap_kind == KMAP_WINDOW)
		return true;
	test_skip(t, "kmap=direct");
	return false;
}

/* --- one task ------------------------------------------------------------------------------ */

static void nest(void *arg)
{
	struct pile *l = in_irq[cpu_id];
	u32 below = kmap_depth; /* who is interrupted may hold some */

	(void)arg;
	for (u32 round = 0; round < 3; round++) {
		push_to(l, KMAP_DEPTH - below);
		check(l);
		push_to(l, MIN(round, KMAP_DEPTH - below));
		check(l);
		push_to(l, 0);
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
	struct pile *l = in_irq[cpu_id];
	u32 absent = PROBE_FAULT(VECTOR_PF, 0);

	push_to(l, KMAP_DEPTH - kmap_depth);
	for (u32 i = 0; i < l->depth; i++) {
		EXPECT_EQ(t, probe_read((vaddr_t)l->p[i]), 0);
		EXPECT_EQ(t, probe_read((vaddr_t)l->p[i] - 1), absent);
		EXPECT_EQ(t, probe_read((vaddr_t)l->p[i] + PAGE_SIZE), absent);
	}
	while (l->depth > 0) {
		pop(l);
		EXPECT_EQ(t, probe_read((vaddr_t)l->p[l->depth]), absent);
		check(l);
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
			push_to(&l, depth);
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
			push_to(&l, depth);
			migrate_disable();
			before = READ_ONCE(irqs_seen[cpu_id]);
			apic_send_ipi(apic_id(), IRQ_TEST);
			while (READ_ONCE(irqs_seen[cpu_id]) == before)
				cpu_pause();
			migrate_enable();
			check(&l);
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

/* --- preempted, and moved ------------------------------------------------------------------- */

static u32 preempted; /* how often */

/* More urgent than the holder: all of the window, while it is preempted. */
static int map_instead(void *arg)
{
	struct pile *l = arg;

	EXPECT_EQ(l->t, kmap_depth, 0);
	push_to(l, KMAP_DEPTH);
	check(l);
	push_to(l, 0);
	__atomic_fetch_add(&preempted, 1, __ATOMIC_RELAXED);
	return 0;
}

/* @l's holder is preempted, at once and here. */
static void be_preempted(struct pile *l, struct pile *others)
{
	u32 before = __atomic_load_n(&preempted, __ATOMIC_RELAXED);
	struct thread *urgent;

	migrate_disable();
	urgent = thread_create_on(cpu_id, "urgent", map_instead, others);
	EXPECT(l->t, urgent != NULL, "out of memory");
	if (urgent != NULL) {
		thread_set_priority(urgent, PRIORITY_HIGH);
		thread_start(urgent);
		EXPECT_EQ(l->t, __atomic_load_n(&preempted, __ATOMIC_RELAXED), before + 1);
		thread_join(urgent);
	}
	migrate_enable();
}

TEST("mm.kmap", preempted_at_each_depth)
{
	struct pile l, others;

	if (pile_make(&l, t) && pile_make(&others, t)) {
		for (u32 depth = 0; depth <= KMAP_DEPTH; depth++) {
			push_to(&l, depth);
			be_preempted(&l, &others);
			check(&l);
		}
		while (l.depth > 0) {
			pop(&l);
			be_preempted(&l, &others);
			check(&l);
		}
		pile_free(&others);
	}
	pile_free(&l);
}

#define COPY_LEGS 8u /* parts of a page, between which the copy looks around */

struct copier {
	struct test *t;
	u32 leg;		  /* it has come to; written by it */
	u32 moves;		  /* made by the test */
	bool pinned;		  /* by its mappings */
	bool go;		  /* on, whether it has been moved or not */
	u32 begun, cpu;		  /* where it mapped, and where it was before it dropped */
	struct completion mapped; /* it holds both pages */
};

/*
 * One leg each time it finds itself elsewhere, or that it is told to go on: the addresses are
 * those it has had from the beginning.
 */
static void copy_in_legs(struct copier *c, u64 *to, const u64 *from)
{
	const u64 leg = PAGE_SIZE / sizeof(u64) / COPY_LEGS;
	u32 seen = 0;

	for (u64 i = 0; i < PAGE_SIZE / sizeof(u64); i++) {
		WRITE_ONCE(to[i], READ_ONCE(from[i]));
		if ((i + 1) % leg != 0)
			continue;
		WRITE_ONCE(c->leg, c->leg + 1);
		while (!c->pinned && !READ_ONCE(c->go) && READ_ONCE(c->moves) == seen)
			cpu_pause();
		seen = READ_ONCE(c->moves);
	}
	while (!READ_ONCE(c->go))
		cpu_pause();
}

static int copy_and_be_moved(void *arg)
{
	struct copier *c = arg;
	struct page *source = alloc_page(ZONE_USER), *copy = alloc_page(ZONE_USER);
	u64 *from, *to;

	EXPECT(c->t, source != NULL && copy != NULL, "out of memory");
	if (source == NULL || copy == NULL)
		panic("mm.kmap: out of memory");
	from = kmap_local_page(source);
	for (u64 i = 0; i < PAGE_SIZE / sizeof(u64); i++)
		from[i] = ~i;
	to = kmap_local_page(copy);
	c->begun = this_cpu_read(cpu_id);
	c->pinned = migrate_count != 0;
	complete(&c->mapped);
	copy_in_legs(c, to, from);
	for (u64 i = 0; i < PAGE_SIZE / sizeof(u64); i++)
		EXPECT(c->t, to[i] == ~i, "word %lu of the copy is %#lx", i, to[i]);
	c->cpu = this_cpu_read(cpu_id);
	kunmap_local(to);
	kunmap_local(from);
	EXPECT_EQ(c->t, migrate_count, 0);
	free_page(source);
	free_page(copy);
	return 0;
}

/* Across all CPUs and back to the first, until the copy is done, at least once around. */
static void move_around(struct copier *c, struct thread *thread)
{
	for (u32 round = 0; round < 1 + COPY_LEGS / cpumask_weight(&cpus_online); round++) {
		u32 cpu;

		for_each_cpu (cpu, &cpus_online) {
			struct cpumask mask = only(cpu);

			EXPECT_EQ(c->t, thread_set_affinity(thread, &mask), 0);
			EXPECT_EQ(c->t, thread->cpu, cpu);
			WRITE_ONCE(c->moves, c->moves + 1);
		}
	}
}

struct mover {
	struct copier *c;
	struct thread *thread;
	u32 to, done;
	struct completion asks;
};

static int move_one(void *arg)
{
	struct mover *m = arg;
	struct cpumask mask = only(m->to);

	complete(&m->asks);
	EXPECT_EQ(m->c->t, thread_set_affinity(m->thread, &mask), 0);
	__atomic_store_n(&m->done, 1, __ATOMIC_RELEASE);
	return 0;
}

/* The holder is pinned: who moves it waits until it has dropped both pages. */
static void ask_to_move(struct copier *c, struct thread *thread)
{
	struct mover m = { .c = c, .thread = thread, .to = cpumask_first(&cpus_online) };
	struct thread *mover = thread_create_on(m.to, "mover", move_one, &m);

	EXPECT(c->t, mover != NULL, "out of memory");
	completion_init(&m.asks);
	if (mover != NULL) {
		thread_start(mover);
		wait_for_completion(&m.asks);
		while (READ_ONCE(thread->requests.next) == &thread->requests)
			sleep_ns(SLEEP_NS);
		sleep_ns(10 * SLEEP_NS);
		EXPECT_EQ(c->t, __atomic_load_n(&m.done, __ATOMIC_ACQUIRE), 0);
		EXPECT_EQ(c->t, thread->cpu, c->begun);
	}
	WRITE_ONCE(c->go, true);
	if (mover != NULL)
		thread_join(mover);
}

/* In the middle of a copy between two mappings; R6, and R7 in the classic kernel. */
TEST("mm.kmap", holder_is_moved_in_a_copy, .cpus = 2)
{
	struct copier c = { .t = t };
	u32 first = cpumask_next(&cpus_online, cpumask_first(&cpus_online));
	struct thread *thread = thread_create_on(first, "copier", copy_and_be_moved, &c);

	EXPECT(t, thread != NULL, "out of memory");
	if (thread == NULL)
		return;
	completion_init(&c.mapped);
	thread_start(thread);
	wait_for_completion(&c.mapped);
	if (kmap_kind == KMAP_WINDOW)
		EXPECT_EQ(t, c.pinned, KMAP_PINS);
	if (c.pinned)
		ask_to_move(&c, thread);
	else
		move_around(&c, thread);
	WRITE_ONCE(c.go, true);
	thread_join(thread);
	EXPECT_EQ(t, c.begun, first);
	EXPECT_EQ(t, c.leg, COPY_LEGS);
	if (c.pinned)
		EXPECT_EQ(t, c.cpu, first);
}

/* --- threads ------------------------------------------------------------------------------- */

#define STORM_THREADS 3u
#define STORM_DEPTH   (KMAP_DEPTH - 4) /* leaves some to the interrupts */

static u32 threads_left;

/* Something random with the pile, and how it gives the CPU away. */
static void storm_step(struct pile *l, struct rand *r)
{
	push_to(l, (u32)rand_below(r, STORM_DEPTH + 1));
	switch (rand_below(r, 8)) {
	case 0:
		yield();
		break;
	case 1:
		sleep_ns(rand_below(r, SLEEP_NS));
		break;
	} /* and the tick comes in the middle of anything */
	check(l);
}

struct storm_job {
	struct test *t;
	u64 end; /* by time_ns() */
	u32 next;
};

static int map_in_a_storm(void *arg)
{
	struct storm_job *j = arg;
	struct rand r = test_rand(j->t);
	struct pile l;
	u64 steps = 0;

	r.state += __atomic_fetch_add(&j->next, 1, __ATOMIC_RELAXED);
	if (pile_make(&l, j->t))
		do {
			storm_step(&l, &r);
			steps++;
		} while (time_ns() < READ_ONCE(j->end));
	pile_free(&l);
	EXPECT_EQ(j->t, l.depth, 0);
	__atomic_fetch_sub(&threads_left, 1, __ATOMIC_RELEASE);
	return steps == 0;
}

static void map_a_little(void *arg)
{
	struct pile *l = in_irq[cpu_id];

	(void)arg;
	push_to(l, KMAP_DEPTH - STORM_DEPTH);
	check(l);
	push_to(l, 0);
}

static int interrupt_all(void *arg)
{
	u64 calls = 0;

	for (; __atomic_load_n(&threads_left, __ATOMIC_ACQUIRE) != 0; calls++) {
		run_on_cpus(&cpus_online, map_a_little, NULL);
		yield();
	}
	EXPECT(arg, calls != 0, "nobody was interrupted");
	return 0;
}

/* Switches, ticks and interrupts at any instruction of a mapping; each task keeps its own. */
TEST("mm.kmap", threads_keep_their_mappings)
{
	u64 ns = options.stress != 0 ? options.stress * NS_PER_SEC : STORM_NS;
	struct storm_job j = { .t = t };
	struct thread *caller = thread_create_on(cpu_id, "interrupts", interrupt_all, t);

	EXPECT(t, caller != NULL, "out of memory");
	if (caller == NULL)
		return;
	threads_left = STORM_THREADS * cpumask_weight(&cpus_online);
	j.end = time_ns() + ns;
	if (!irq_piles_make(t))
		threads_left = 0;
	thread_start(caller);
	if (threads_left != 0)
		threads_on_each_cpu(t, STORM_THREADS, map_in_a_storm, &j, 0);
	thread_join(caller);
	irq_piles_free();
}

static int see_that_none_is_inherited(void *arg)
{
	struct pile l;

	EXPECT_EQ((struct test *)arg, kmap_depth, 0);
	if (pile_make(&l, arg)) {
		push_to(&l, KMAP_DEPTH);
		yield();
		check(&l);
	}
	pile_free(&l);
	return 0;
}

TEST("mm.kmap", new_threads_have_none)
{
	struct thread *child;
	struct pile l;

	if (pile_make(&l, t)) {
		push_to(&l, 3);
		child = thread_create_on(cpu_id, "child", see_that_none_is_inherited, t);
		EXPECT(t, child != NULL, "out of memory");
		if (child != NULL) {
			thread_start(child);
			thread_join(child);
		}
		check(&l);
	}
	pile_free(&l);
}

/* --- whose address it is ------------------------------------------------------------------- */

struct leak {
	struct test *t;
	vaddr_t va;
	struct completion mapped, tried;
};

static int hold_asleep(void *arg)
{
	struct leak *leak = arg;
	struct pile l;

	if (pile_make(&l, leak->t)) {
		push_to(&l, 2);
		leak->va = (vaddr_t)l.p[0];
	}
	complete(&leak->mapped);
	wait_for_completion(&leak->tried);
	check(&l);
	pile_free(&l);
	return 0;
}

/* The address of a mapping whose task sleeps: on its CPU somebody else runs, with others. */
TEST("mm.kmap", anothers_address_faults)
{
	struct leak leak = { .t = t };
	struct thread *holder = thread_create_on(cpu_id, "holder", hold_asleep, &leak);
	struct pile l;

	EXPECT(t, holder != NULL, "out of memory");
	if (holder == NULL)
		return;
	completion_init(&leak.mapped);
	completion_init(&leak.tried);
	thread_start(holder);
	wait_for_completion(&leak.mapped);
	if (uses_the_window(t) && pile_make(&l, t)) {
		EXPECT_EQ(t, probe_read(leak.va), PROBE_FAULT(VECTOR_PF, 0));
		push_to(&l, 2);
		/* Release builds have no bias, and not every two threads have different ones. */
		if (CONFIG_DEBUG && holder->kmap.bias != current->kmap.bias)
			EXPECT_EQ(t, probe_read(leak.va), PROBE_FAULT(VECTOR_PF, 0));
		check(&l);
		pile_free(&l);
	}
	complete(&leak.tried);
	thread_join(holder);
}

static void probe_there(void *arg)
{
	struct leak *leak = arg;

	EXPECT_EQ(leak->t, probe_read(leak->va), PROBE_FAULT(VECTOR_PF, 0));
}

/* R6: no other CPU's tables have it, while it is used here. */
TEST("mm.kmap", no_other_cpu_has_it, .cpus = 2)
{
	struct leak leak = { .t = t };
	struct cpumask others = cpus_online;
	struct pile l;

	if (!uses_the_window(t))
		return;
	if (KMAP_PINS != 0) {
		test_skip(t, "this kernel has one kernel half for all CPUs");
		return;
	}
	if (pile_make(&l, t)) {
		push_to(&l, 1);
		leak.va = (vaddr_t)l.p[0];
		migrate_disable();
		cpumask_clear(&others, cpu_id);
		run_on_cpus(&others, probe_there, &leak);
		migrate_enable();
		check(&l);
	}
	pile_free(&l);
}

/* --- IPIs ---------------------------------------------------------------------------------- */

/* All that a mapping and a switch do, with interrupts off, so that the count is theirs. */
static void count_ipis(void *arg)
{
	struct pile *l = in_irq[cpu_id];
	u64 before = apic_sent, flushes = event_total(IPIS_SENT);
	struct kmap_stack saved = { .depth = 0 };

	for (u32 depth = 0; depth <= KMAP_DEPTH - kmap_depth; depth++) {
		push_to(l, depth);
		kmap_switch_out(&saved);
		EXPECT_EQ(l->t, kmap_depth, 0);
		kmap_switch_in(&saved);
		check(l);
	}
	push_to(l, 0);
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

/* --- other tables under a live mapping ------------------------------------------------------ */

/*
 * The translations of x stay behind in one tag, the slots then show y, and the first tag
 * comes back without a flush (on a CPU that has tags, and keeps them).
 */
static void leave_behind(struct mm *a, struct mm *b, struct pile *x, struct pile *y)
{
	use(a);
	push_to(x, 2);
	check(x);
	use(b);
	check(x);
	push_to(x, 0);
	push_to(y, 2);
	check(y);
	use(a);
	check(y);
	yield();
	check(y);
	push_to(y, 0);
	push_to(x, 2);
	check(x);
	push_to(x, 0);
}

#define TAG_ROUNDS 40u /* of the two threads of a CPU */

static struct storm_clock rounds;

static int map_across_tags(void *arg)
{
	struct mm *a = mm_create(), *b = mm_create();
	struct pile x, y;

	if (pile_make(&x, arg) && pile_make(&y, arg))
		while (storm_step_due(&rounds))
			leave_behind(a, b, &x, &y);
	pile_free(&x);
	pile_free(&y);
	use(NULL);
	mm_put(a);
	mm_put(b);
	return 0;
}

TEST("mm.kmap", survives_another_mm)
{
	storm_clock_start(&rounds, STORM_NS, TAG_ROUNDS);
	threads_on_each_cpu(t, 2, map_across_tags, t, 0);
	storm_steps(t, &rounds, &cpus_online);
}

struct borrower {
	struct test *t;
	struct mm *mm;
	u32 over;
	struct completion borrows;
};

/* A kernel thread maps, and runs on tables that nobody keeps alive. */
static int borrow_and_map(void *arg)
{
	struct borrower *b = arg;
	struct pile l;

	if (pile_make(&l, b->t)) {
		use(b->mm);
		push_to(&l, 3);
		check(&l);
		use(NULL);
		complete(&b->borrows);
		while (!__atomic_load_n(&b->over, __ATOMIC_ACQUIRE))
			check(&l);
		check(&l);
		push_to(&l, 5);
		check(&l);
		EXPECT(b->t, cpu_tlb.loaded == NULL, "the tables of a dead mm are loaded");
	}
	pile_free(&l);
	return 0;
}

/* The mm dies: its CPUs are told to load the neutral PGD, under live mappings. */
TEST("mm.kmap", survives_the_end_of_a_borrowed_mm, .cpus = 2)
{
	u32 cpu = cpumask_next(&cpus_online, cpu_id);

	for (u32 round = 0; round < 40 && !test_failed(t); round++) {
		struct borrower b = { .t = t, .mm = mm_create() };
		struct thread *thread = thread_create_on(cpu, "borrower", borrow_and_map, &b);

		completion_init(&b.borrows);
		EXPECT(t, thread != NULL && b.mm != NULL, "out of memory");
		if (thread == NULL || b.mm == NULL)
			return;
		thread_start(thread);
		wait_for_completion(&b.borrows);
		mm_put(b.mm);
		__atomic_store_n(&b.over, 1, __ATOMIC_RELEASE);
		thread_join(thread);
	}
}
