/* SPDX-License-Identifier: MIT */
/*
 * tests/load_nmi.c - NMIs at any instruction, from others and from oneself, of switches of
 * address spaces, kmaps, lazy faults, shootdowns and ways into and out of ring 3.
 *
 * In each NMI its handler's view of the machine is checked: CPU, stack, tables.  Between them
 * the work goes on, which must come to what it comes to without them.
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/cpu_area.h"
#include "arch/x86_64/probe.h"
#include "arch/x86_64/pti.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/trap.h"
#include "kernel/sched.h"
#include "mm/asid.h"
#include "mm/kmap.h"
#include "mm/page_alloc.h"
#include "mm/switch.h"
#include "mm/tlb_check.h"
#include "tests/load.h"
#include "tests/user_code.h"

#define CODE	     0x400000ul
#define FROM	     0x500000ul
#define TO	     0x600000ul
#define SPACES	     3u /* of each worker, besides the gang's */
#define NESTED	     3u
#define LAZY_ENTRIES 16u /* top-level entries with a page each, in the gang's address space */
#define LAZY_FIRST   40u
#define GAP_NS	     (50 * NS_PER_US)

/* mov rax, [FROM]; mov [TO], rax; ud2 */
static const u8 copy_word[] = { 0x48, 0x8b, 0x04, 0x25, 0, 0,	 0x50, 0,    0x48, //
				0x89, 0x04, 0x25, 0,	0, 0x60, 0,    0x0f, 0x0b };

/* --- in each NMI ------------------------------------------------------------------------------ */

static struct {
	u64 came;      /* atomic: NMIs */
	u64 in_switch; /* atomic: of those, where the loaded tables are not the slot's that is noted
			*/
	u64 wrong;     /* atomic: bits of what was not as it must be */
} seen;

#define WRONG_CPU    BIT(0)
#define WRONG_STACK  BIT(1)
#define WRONG_TABLES BIT(2)
#define WRONG_DEPTH  BIT(3)

/* R1: whatever PGD is loaded, its kernel half is this CPU's. */
static bool kernel_half_is_mine(u64 cr3)
{
	const pte_t *pgd = phys_to_virt(pte_address(cr3));
	const pte_t *neutral = phys_to_virt(cpus[cpu_id].neutral_root);

	for (u32 i = PT_KERNEL_FIRST; i < PT_ENTRIES; i++)
		if ((pgd[i] ^ neutral[i]) & ~(PTE_ACCESSED | PTE_DIRTY))
			return false;
	return true;
}

static void on_nmi(struct trapframe *f)
{
	vaddr_t sp = (vaddr_t)__builtin_frame_address(0), top = cpu_area_ist_top(cpu_id, IST_NMI);
	u64 cr3 = tlb_loaded(), wrong = 0;
	const struct slot *loaded = cpu_tlb.loaded;

	(void)f;
	if (apic_id() != cpus[cpu_id].apic_id)
		wrong |= WRONG_CPU;
	if (sp >= top || sp < top - IST_STACK_SIZE)
		wrong |= WRONG_STACK;
	if (!kernel_half_is_mine(cr3))
		wrong |= WRONG_TABLES;
	if (nmi_depth != 1)
		wrong |= WRONG_DEPTH;
	__atomic_fetch_add(&seen.came, 1, __ATOMIC_RELAXED);
	if (((loaded != NULL ? loaded->cr3 : cpu_tlb.neutral) ^ cr3) & cr3_mask & ~PCID_MASK)
		__atomic_fetch_add(&seen.in_switch, 1, __ATOMIC_RELAXED);
	__atomic_fetch_or(&seen.wrong, wrong, __ATOMIC_RELAXED);
}

/* --- the work ----------------------------------------------------------------------------------
 */

/* What a worker has besides its pages in the gang's address space. */
static struct own {
	struct mm *mm[SPACES]; /* with copy_word[], and words at FROM and TO */
	struct page *page[NESTED];
} own[MAX_CPUS];

static struct mm *copying_mm(void)
{
	struct mm *mm = user_code_mm(CODE, copy_word, sizeof(copy_word));

	if (mm == NULL)
		return NULL;
	if (map_anon(mm, FROM, PAGE_SIZE, RW) == 0 && map_anon(mm, TO, PAGE_SIZE, RW) == 0) {
		use(mm);
		if (put(FROM, 0) && put(TO, 0)) {
			use(NULL);
			return mm;
		}
		use(NULL);
	}
	mm_put(mm);
	return NULL;
}

static bool make_own(struct own *o)
{
	bool made = true;

	for (u32 i = 0; i < SPACES; i++) {
		o->mm[i] = copying_mm();
		made = made && o->mm[i] != NULL;
	}
	for (u32 i = 0; i < NESTED; i++) {
		o->page[i] = alloc_page(ZONE_USER);
		made = made && o->page[i] != NULL;
	}
	return made;
}

static void end_own(struct own *o)
{
	for (u32 i = 0; i < SPACES; i++)
		if (o->mm[i] != NULL)
			mm_put(o->mm[i]);
	for (u32 i = 0; i < NESTED; i++)
		if (o->page[i] != NULL)
			free_page(o->page[i]);
	*o = (struct own){ 0 };
}

/* Nested, with switches of threads and of address spaces in between. */
static void map_pages(struct worker *w)
{
	struct own *o = &own[w->number];
	u64 *p[NESTED];

	for (u32 i = 0; i < NESTED; i++) {
		p[i] = kmap_local_page(o->page[i]);
		WRITE_ONCE(*p[i], w->value + i);
		yield();
	}
	use(o->mm[rand_below(&w->r, SPACES)]);
	for (u32 i = NESTED; i-- > 0;) {
		EXPECT_EQ(w->g->t, READ_ONCE(*p[i]), w->value + i);
		kunmap_local(p[i]);
	}
	w->value += NESTED;
}

/* Ring 3 in one address space after the other: each reads and writes its own. */
static void go_around(struct worker *w)
{
	struct own *o = &own[w->number];

	for (u32 i = 0; i < SPACES; i++) {
		u64 flags, fault, word = w->value++;

		use(o->mm[i]);
		EXPECT(w->g->t, put(FROM, word), "no access");
		flags = irq_save();
		fault = user_call(CODE, CODE + PAGE_SIZE);
		irq_restore(flags);
		EXPECT_EQ(w->g->t, fault, PROBE_FAULT(VECTOR_UD, 0));
		EXPECT_EQ(w->g->t, get(TO), word);
	}
}

static vaddr_t lazy_page(u64 i)
{
	return (LAZY_FIRST + i) * TOP_ENTRY + FROM;
}

/* What this CPU has kept goes, and comes back entry by entry. */
static void fault_lazily(struct worker *w)
{
	u64 flags;

	use(NULL);
	flags = irq_save();
	switch_to_neutral();
	asid_give_back();
	irq_restore(flags);
	use(w->g->mm);
	for (u64 i = 0; i < LAZY_ENTRIES; i++)
		EXPECT_EQ(w->g->t, get(lazy_page(i)), i);
}

static void step(struct worker *w)
{
	u32 self = w->number;

	apic_send_nmi(cpus[worker_any_cpu(w)].apic_id);
	map_pages(w);
	apic_send_nmi(cpus[self].apic_id);
	go_around(w);
	fault_lazily(w);
	apic_send_nmi(cpus[self].apic_id);
	worker_change(w);
	worker_look(w);
	if (rand_below(&w->r, 4) == 0)
		worker_call(w);
	EXPECT_EQ(w->g->t, cpu_id, self);
}

/* --- the storm -----------------------------------------------------------------------------------
 */

static u32 storm_over; /* atomic */

/* In a thread of its own: NMIs with random gaps, without which nothing else ran. */
static int send_nmis(void *arg)
{
	struct gang *g = arg;
	struct rand r = test_rand(g->t);
	u64 sent = 0;
	u32 cpu;

	while (!__atomic_load_n(&storm_over, __ATOMIC_ACQUIRE))
		for_each_cpu (cpu, &g->cpus) {
			apic_send_nmi(cpus[cpu].apic_id);
			sent++;
			time_spin_ns(rand_below(&r, GAP_NS));
			yield();
		}
	test_note("%lu NMIs sent by the one that does nothing else", sent);
	return 0;
}

static void check_at_rest(void *arg)
{
	struct test *t = arg;

	EXPECT_EQ(t, nmi_depth, 0);
	EXPECT_EQ(t, apic_id(), cpus[cpu_id].apic_id);
	tlb_check_now();
}

static bool make_lazy_pages(struct gang *g)
{
	bool made = true;

	use(g->mm);
	for (u64 i = 0; i < LAZY_ENTRIES; i++)
		made = made && map_anon(g->mm, lazy_page(i), PAGE_SIZE, RW) == 0 &&
		       put(lazy_page(i), i);
	use(NULL);
	return made;
}

static void rage(struct gang *g)
{
	struct thread *sender = thread_create("nmis", send_nmis, g);

	EXPECT(g->t, sender != NULL, "no memory for a thread");
	if (sender == NULL)
		return;
	__atomic_store_n(&storm_over, 0, __ATOMIC_RELAXED);
	WRITE_ONCE(nmi_hook, on_nmi);
	thread_start(sender);
	gang_start(g, step);
	gang_join(g);
	__atomic_store_n(&storm_over, 1, __ATOMIC_RELEASE);
	thread_join(sender);
	on_each_cpu(check_at_rest, g->t);
	WRITE_ONCE(nmi_hook, NULL);
}

TEST("load.nmi", storm_on_all_that_switches)
{
	static struct gang g;
	bool made = gang_make(t, &g);
	u32 cpu;

	seen.came = seen.in_switch = seen.wrong = 0;
	for_each_cpu (cpu, &g.cpus)
		made = made && make_own(&own[cpu]);
	made = made && make_lazy_pages(&g);
	EXPECT(t, made, "no memory");
	if (made) {
		rage(&g);
		EXPECT_EQ(t, seen.wrong, 0);
		EXPECT(t, seen.came != 0, "no NMI came");
		test_note("pti=%s: %lu NMIs came, %lu of them in a switch", pti_on ? "on" : "off",
			  seen.came, seen.in_switch);
	}
	for_each_cpu (cpu, &g.cpus)
		end_own(&own[cpu]);
	gang_end(&g);
}
