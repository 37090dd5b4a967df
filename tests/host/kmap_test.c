/* SPDX-License-Identifier: MIT */
/*
 * tests/host/kmap_test.c - kmap_local on two simulated CPUs, with something happening at each
 * step of it: an interrupt that maps, a switch to a task that maps, a move to the other CPU.
 *
 * Each CPU has a TLB tagged by PCID that drops nothing it may keep, and is filled from the
 * window's page table at every step: speculation at its worst.  Per-CPU variables and the window's
 * page table are copied in and out when a CPU gets its turn.
 *
 * A program is run again and again, the first event one step later each time, until it is over
 * before the event.  What a mapping shows is compared with the page it was made for.
 */
#include "tests/host/cmocka_host.h"

#include "lib/ksyms.h"
#include "lib/log.h"
#include "mm/kmap.h"
#include "mm/kspace.h"
#include "mm/pgtable.h"
#include "arch/x86_64/smp.h"
#include "tests/host/host_panic.h"

#define CPUS  2u
#define TAGS  4u
#define PAGES 512u /* of the window */

#define MIN_STEPS 50u /* of the program, or it was not run */

/* --- what mm/kmap.c is linked with ---------------------------------------------------------- */

u8 machine_window[PAGES * PAGE_SIZE] ALIGNED(PAGE_SIZE);
struct cpu cpus[MAX_CPUS];
struct cpu_tlb cpu_tlb;
u32 cpu_id, nmi_depth;
bool trace_on;
static bool global_window; /* its entries are global: no isolation */

void trace_write(enum trace_event event, u64 ctx_id, u64 arg)
{
	(void)event;
	(void)ctx_id;
	(void)arg;
}

void printk(const char *fmt, ...)
{
	(void)fmt;
}

const char *ksym_find(u64 address, u64 *offset)
{
	*offset = address;
	return NULL;
}

bool page_is_mapped(const struct page *page)
{
	(void)page;
	return false;
}

pte_t kspace_data_flags(void)
{
	return PTE_PRESENT | PTE_WRITE | (global_window ? PTE_GLOBAL : 0);
}

static pte_t *window_table(void)
{
	return (pte_t *)(machine_window + (PAGES - 1) * PAGE_SIZE);
}

pte_t *pgtable_leaf_table(pte_t *root, vaddr_t va)
{
	(void)root;
	(void)va;
	return window_table();
}

/* --- CPUs and their TLBs -------------------------------------------------------------------- */

struct machine_cpu {
	pte_t tlb[TAGS][PAGES], tlb_global[PAGES]; /* 0: no entry */
	u32 tag;				   /* loaded */
	pte_t table[PAGES];			   /* this and below: while it has not its turn */
	u32 depth, bias;
	u64 site[KMAP_DEPTH];
};

static struct machine_cpu machine[CPUS];

static void turn(u32 cpu)
{
	struct machine_cpu *from = &machine[cpu_id], *to = &machine[cpu];

	memcpy(from->table, window_table(), sizeof(from->table));
	memcpy(from->site, kmap_site, sizeof(kmap_site));
	from->depth = kmap_depth;
	from->bias = kmap_bias;
	cpu_id = cpu;
	memcpy(window_table(), to->table, sizeof(to->table));
	memcpy(kmap_site, to->site, sizeof(kmap_site));
	kmap_depth = to->depth;
	kmap_bias = to->bias;
}

static void machine_start(bool global)
{
	global_window = global;
	memset(machine, 0, sizeof(machine));
	cpu_id = 0;
	kmap_depth = 0;
	kmap_bias = 0;
	assert_int_equal(kmap_prepare_cpu(0), 0);
	for (u32 cpu = 0; cpu < CPUS; cpu++)
		memcpy(machine[cpu].table, window_table(), sizeof(machine[cpu].table));
}

/* A CPU may keep and fill at any time whatever its tables say. */
static void speculate(void)
{
	struct machine_cpu *c = &machine[cpu_id];

	for (u32 i = kmap_bias; i < kmap_bias + KMAP_BIAS_STEP; i++) { /* the task's slots */
		pte_t pte = window_table()[i];

		if (!pte_present(pte) || c->tlb[c->tag][i] != 0 || c->tlb_global[i] != 0)
			continue;
		if (pte & PTE_GLOBAL)
			c->tlb_global[i] = pte;
		else
			c->tlb[c->tag][i] = pte;
	}
}

static void load_tag(u32 tag, bool flush)
{
	machine[cpu_id].tag = tag;
	if (flush)
		memset(machine[cpu_id].tlb[tag], 0, sizeof(machine[cpu_id].tlb[tag]));
	speculate();
}

void tlb_local_page(vaddr_t va)
{
	u64 page = (va - (vaddr_t)machine_window) / PAGE_SIZE;

	machine_step(); /* between the PTE and INVLPG */
	machine[cpu_id].tlb[machine[cpu_id].tag][page] = 0;
	machine[cpu_id].tlb_global[page] = 0;
	machine_step();
}

/* The frame that an access to @p reaches. */
static u64 frame_at(const void *p)
{
	u64 page = ((vaddr_t)p - (vaddr_t)machine_window) / PAGE_SIZE;
	const struct machine_cpu *c = &machine[cpu_id];

	speculate();
	return pte_address(c->tlb[c->tag][page] | c->tlb_global[page]) >> PAGE_SHIFT;
}

/* --- tasks ---------------------------------------------------------------------------------- */

struct task {
	u64 next_frame; /* no frame is mapped twice */
	u32 tag;
	u32 depth;
	u64 frame[KMAP_DEPTH];
	void *p[KMAP_DEPTH];
	struct kmap_stack stack;
};

static void push(struct task *t)
{
	t->frame[t->depth] = t->next_frame++;
	t->p[t->depth] = kmap_local_page(pfn_to_page(t->frame[t->depth]));
	t->depth++;
}

static void pop(struct task *t)
{
	t->depth--;
	kunmap_local(t->p[t->depth]);
}

static void check(const struct task *t)
{
	for (u32 i = 0; i < t->depth; i++)
		assert_int_equal(frame_at(t->p[i]), t->frame[i]);
}

static struct task mapping, other, irq;

static void start_tasks(void)
{
	mapping = (struct task){ .next_frame = 0x10000, .tag = 1 };
	other = (struct task){ .next_frame = 0x20000, .tag = 3 }; /* one of the other's */
	irq = (struct task){ .next_frame = 0x30000 };
	kmap_stack_init(&mapping.stack);
	kmap_stack_init(&other.stack);
	load_tag(mapping.tag, true);
	kmap_switch_in(&mapping.stack);
}

static void switch_tasks(struct task *from, struct task *to)
{
	kmap_switch_out(&from->stack);
	load_tag(to->tag, false);
	kmap_switch_in(&to->stack);
}

/* --- what may happen at a step --------------------------------------------------------------- */

static void interrupt(void)
{
	u32 before = kmap_depth;

	push(&irq);
	push(&irq);
	check(&irq);
	pop(&irq);
	pop(&irq);
	assert_int_equal(kmap_depth, before);
}

/* The other task runs for a while, and keeps its mappings; interrupts come in between. */
static void preempt(void)
{
	switch_tasks(&mapping, &other);
	while (other.depth > 2)
		pop(&other);
	push(&other);
	push(&other);
	interrupt();
	check(&other);
	switch_tasks(&other, &mapping);
}

/* From here to the other CPU, where somebody has used the same slots and the same tag before. */
static void move(void)
{
	u32 to = 1 - cpu_id;

	kmap_switch_out(&mapping.stack);
	turn(to);
	load_tag(mapping.tag, false);
	interrupt();
	kmap_switch_in(&mapping.stack);
}

static void move_and_return(void)
{
	move();
	check(&irq);
	interrupt();
	move();
}

/* The neutral PGD, and another mm, or the one before: tables change and the task does not. */
static void change_tables(void)
{
	mapping.tag = mapping.tag == 1 ? 3 : 1;
	load_tag(0, true);
	load_tag(mapping.tag, false);
	kmap_renew();
}

static void change_tables_or_preempt(void)
{
	static u32 n;

	if (n++ % 2 == 0)
		change_tables();
	else
		preempt();
}

/* The event comes at this step, and again and again after that. */
static void (*event)(void);
static u64 event_at, event_gap, events, steps;

void machine_step(void)
{
	void (*now)(void) = event;

	speculate();
	if (now == NULL || steps++ != event_at)
		return;
	event_at += event_gap;
	events++;
	event = NULL; /* an event is not interrupted by another */
	now();
	event = now;
}

/* Up, down a little and up again, so that slots come to show other pages. */
static void run_program(void)
{
	for (u32 round = 0; round < 2; round++) {
		for (u32 i = 0; i < 3; i++) {
			push(&mapping);
			check(&mapping);
		}
		for (u32 i = 0; i < 2; i++) {
			pop(&mapping);
			check(&mapping);
		}
		push(&mapping);
		check(&mapping);
		while (mapping.depth > 0) {
			pop(&mapping);
			check(&mapping);
		}
	}
	assert_int_equal(kmap_depth, 0);
}

static void at_each_step(void (*what)(void), bool global)
{
	u64 first = 0;

	do {
		machine_start(global);
		start_tasks();
		steps = events = 0;
		event_at = first++;
		event = what;
		run_program();
		event = NULL;
	} while (events != 0); /* else the program was over before */
	assert_true(first > MIN_STEPS);
}

static void with_and_without_global_entries(void (*what)(void))
{
	static const u64 gaps[] = { 1, 2, 3, 29, 60 };

	for (size_t i = 0; i < ARRAY_SIZE(gaps); i++) {
		event_gap = gaps[i];
		at_each_step(what, true);
		at_each_step(what, false);
	}
}

static void test_interrupted(void **state)
{
	(void)state;
	with_and_without_global_entries(interrupt);
}

static void test_preempted(void **state)
{
	(void)state;
	with_and_without_global_entries(preempt);
}

static void test_moved(void **state)
{
	(void)state;
	with_and_without_global_entries(move);
	with_and_without_global_entries(move_and_return);
}

static void test_tables_changed(void **state)
{
	(void)state;
	with_and_without_global_entries(change_tables);
	with_and_without_global_entries(change_tables_or_preempt);
}

/* --- what is refused -------------------------------------------------------------------------- */

static void test_refused(void **state)
{
	(void)state;
	machine_start(true);
	start_tasks();
	push(&mapping);
	push(&mapping);
	expect_panic("the last of 2 mappings", kunmap_local(mapping.p[0]));
	expect_panic("ends with 2 pages mapped", kmap_panic_leak("t", "ends"));
	while (mapping.depth < KMAP_DEPTH)
		push(&mapping);
	expect_panic("16 pages are mapped already", (void)!kmap_local_page(pfn_to_page(1)));
	while (mapping.depth > 0)
		pop(&mapping);
	expect_panic("the last of 0 mappings was made in nothing", kunmap_local(mapping.p[0]));
}

/* A CPU that speculates through an empty slot finds the frame farthest from all memory (L1TF). */
static void test_empty_slot_has_no_memory(void **state)
{
	(void)state;
	assert_false(pte_present(KMAP_EMPTY));
	assert_int_equal(pte_address(KMAP_EMPTY), PTE_ADDRESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interrupted), cmocka_unit_test(test_preempted),
		cmocka_unit_test(test_moved),	    cmocka_unit_test(test_tables_changed),
		cmocka_unit_test(test_refused),	    cmocka_unit_test(test_empty_slot_has_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
