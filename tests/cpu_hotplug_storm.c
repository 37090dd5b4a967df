/* SPDX-License-Identifier: MIT */
/*
 * tests/cpu_hotplug_storm.c - CPUs go and come back again and again: nothing is kept, nothing
 * old is believed, and others are not held up.
 */
#include "arch/x86_64/pcid.h"
#include "arch/x86_64/smp.h"
#include "kernel/hotplug.h"
#include "kernel/sched.h"
#include "mm/asid.h"
#include "mm/kspace.h"
#include "mm/totals.h"
#include "tests/account.h"
#include "tests/hotplug.h"
#include "tests/storm.h"
#include "tests/tables.h"

#define SPREAD (2 * TOP_ENTRY) /* of what each storming thread maps */
#define CYCLES 50	       /* at most */

/* --- nothing is kept ---------------------------------------------------------------------- */

/* A slot more than the reserve there, and pages on its stack. */
static int leave_something(void *arg)
{
	struct mm *mms[ASIDS_RESERVE + 2];
	struct operation *o = arg;

	for (u32 i = 0; i < ARRAY_SIZE(mms); i++) {
		mms[i] = mm_create();
		EXPECT(o->t, mms[i] != NULL && map_anon(mms[i], BASE, PAGE_SIZE, RW) == 0,
		       "no memory");
		use(mms[i]);
		EXPECT(o->t, put(BASE, i), "no access");
	}
	use(NULL);
	for (u32 i = 0; i < ARRAY_SIZE(mms); i++)
		mm_put(mms[i]);
	return 0;
}

static struct storm_clock cycles;

static void cycle(struct operation *o)
{
	run_thread(o->t, o->cpu, leave_something, o);
	EXPECT_EQ(o->t, cpu_down(o->cpu, 0), 0);
	EXPECT_EQ(o->t, cpu_up(o->cpu), 0);
}

static int cycle_many(void *arg)
{
	struct operation *o = arg;
	struct account before, after;
	struct totals counted, now;
	u64 n = 0;

	cycle(o); /* caches have their slabs, the CPU its records */
	before = account();
	cpu_totals(o->cpu, &counted);
	storm_start(&cycles, CYCLES);
	while (storm_step_due(&cycles) && !test_failed(o->t)) {
		cycle(o);
		n++;
	}
	after = account();
	expect_same_account(o->t, &before, &after);
	cpu_totals(o->cpu, &now);
	EXPECT(o->t, now.slots_set_up >= counted.slots_set_up + n * (ASIDS_RESERVE + 2),
	       "CPU %u: %lu slots set up, and %lu before", o->cpu, now.slots_set_up,
	       counted.slots_set_up);
	test_note("CPU %u: %lu cycles", o->cpu, n);
	return 0;
}

TEST("cpu.hotplug", memory_stays_constant, .cpus = 2)
{
	operate(t, cpumask_next(&cpus_online, BOOT_CPU), cycle_many);
	operate(t, BOOT_CPU, cycle_many);
}

/* --- stale translations ------------------------------------------------------------------- */

static struct {
	struct page *pages[2];
	volatile u64 *va;
	pte_t *leaf;
} flip;

static void read_flip(void *value)
{
	*(u64 *)value = *flip.va;
}

static void drop_everything(void *unused)
{
	(void)unused;
	tlb_local_everything();
}

/* A global translation that is changed while the CPU is away, without any flush. */
static int flip_while_down(void *arg)
{
	struct operation *o = arg;
	u64 seen = 0;

	for (u64 round = 0; round < 4; round++) {
		run_on_cpu(o->cpu, read_flip, &seen);
		EXPECT_EQ(o->t, seen, round % 2);
		EXPECT_EQ(o->t, cpu_down(o->cpu, 0), 0);
		shared_store(flip.leaf, (*flip.leaf & ~PTE_ADDRESS) |
						page_to_phys(flip.pages[(round + 1) % 2]));
		EXPECT_EQ(o->t, cpu_up(o->cpu), 0);
		run_on_cpu(o->cpu, read_flip, &seen);
		EXPECT_EQ(o->t, seen, (round + 1) % 2);
		on_each_cpu(drop_everything, NULL); /* the others have the old one still */
	}
	return 0;
}

/* The mapping is for good, and so are its pages. */
TEST("cpu.hotplug", everything_is_flushed, .cpus = 2)
{
	for (u64 i = 0; i < 2; i++) {
		flip.pages[i] = alloc_page(ZONE_KERNEL);
		EXPECT(t, flip.pages[i] != NULL, "no memory");
		if (flip.pages[i] == NULL)
			return;
		*(u64 *)page_address(flip.pages[i]) = i;
	}
	flip.va = kspace_map_device(page_to_phys(flip.pages[0]), PAGE_SIZE, 0);
	EXPECT(t, flip.va != NULL, "no memory");
	if (flip.va == NULL)
		return;
	flip.leaf = kernel_leaf((vaddr_t)flip.va);
	operate_on_some(t, flip_while_down);
}

/* --- others do not wait for who is gone ------------------------------------------------------ */

struct stormer {
	struct test *t;
	struct mm *mm;
	u32 victim;
	vaddr_t va;	/* its own part of the mm */
	u64 asked, ran; /* calls to the victim that it took, and that ran there (atomic) */
	u64 rounds;
};

static u32 storm_over; /* atomic */

static void change_mm(struct stormer *s)
{
	u64 value = ++s->rounds;

	EXPECT_EQ(s->t, map_anon(s->mm, s->va, 2 * PAGE_SIZE, RW), 0);
	EXPECT(s->t, put(s->va, value) && put(s->va + PAGE_SIZE, value), "no access");
	EXPECT_EQ(s->t, get(s->va), value);
	EXPECT_EQ(s->t, mm_unmap(s->mm, s->va, s->va + PAGE_SIZE), 0);
	EXPECT_EQ(s->t, get(s->va), NO_VALUE);
	EXPECT_EQ(s->t, mm_unmap(s->mm, s->va, s->va + 2 * PAGE_SIZE), 0);
}

static int storm_on(void *arg)
{
	struct stormer *s = arg;
	u64 ran = 0;

	use(s->mm);
	while (!__atomic_load_n(&storm_over, __ATOMIC_RELAXED) && !test_failed(s->t)) {
		s->asked += run_on_cpu(s->victim, count_call, &s->ran) == 0;
		EXPECT_EQ(s->t, __atomic_load_n(&s->ran, __ATOMIC_RELAXED), s->asked);
		on_each_cpu(count_call, &ran);
		change_mm(s);
		yield();
	}
	use(NULL);
	return 0;
}

/* A thread of the mm there: its idle thread borrows it then. */
static int visit(void *arg)
{
	struct stormer *s = arg;

	use(s->mm);
	change_mm(s);
	use(NULL);
	return 0;
}

/* @s[0] is the visitor's, the others have threads; how many. */
static u32 start_stormers(struct operation *o, struct stormer *s, struct thread **threads)
{
	u32 cpu, n = 1;

	for (u32 i = 0; i <= options.crowd; i++)
		s[i] = (struct stormer){
			.t = o->t, .mm = o->mm, .victim = o->cpu, .va = BASE + (i + 1) * SPREAD
		};
	for_each_cpu (cpu, &cpus_online) {
		if (cpu == o->cpu || cpu == cpu_id || n > options.crowd)
			continue; /* the walk is made here too, and would wait its turn */
		threads[n] = start_thread(o->t, cpu, "stormer", storm_on, &s[n]);
		if (threads[n] == NULL)
			break;
		n++;
	}
	return n;
}

static int cycle_in_storm(void *arg)
{
	static struct stormer s[MAX_CPUS + 1];
	static struct thread *threads[MAX_CPUS + 1];
	struct operation *o = arg;
	u64 cycled = 0, asked = 0, rounds = 0;
	u32 n;

	__atomic_store_n(&storm_over, 0, __ATOMIC_RELAXED);
	n = start_stormers(o, s, threads);
	storm_start(&cycles, CYCLES);
	while (storm_step_due(&cycles) && !test_failed(o->t)) {
		run_thread(o->t, o->cpu, visit, &s[0]);
		EXPECT_EQ(o->t, cpu_down(o->cpu, 0), 0);
		EXPECT_EQ(o->t, cpu_up(o->cpu), 0);
		cycled++;
	}
	__atomic_store_n(&storm_over, 1, __ATOMIC_RELAXED);
	for (u32 i = 1; i < n; i++) {
		thread_join(threads[i]);
		asked += s[i].asked;
		rounds += s[i].rounds;
	}
	test_note("CPU %u: %lu cycles, %u threads: %lu rounds, %lu calls that it took", o->cpu,
		  cycled, n - 1, rounds, asked);
	check_works(o);
	return 0;
}

TEST("cpu.hotplug", calls_and_shootdowns_go_on, .cpus = 3)
{
	operate(t, cpumask_next(&cpus_online, BOOT_CPU), cycle_in_storm);
	operate(t, BOOT_CPU, cycle_in_storm);
}

/*
 * Who calls everybody beside the thread that walks, as urgent as that is, keeps its CPU until all
 * have answered: the CPU that goes or comes has to answer without the walk.
 */
static int call_beside_the_walk(void *arg)
{
	struct stormer *s = arg;
	u64 ran = 0;

	while (!__atomic_load_n(&storm_over, __ATOMIC_RELAXED)) {
		on_each_cpu(count_call, &ran);
		s->rounds++;
		yield();
	}
	return 0;
}

static int cycle_beside_a_caller(void *arg)
{
	struct operation *o = arg;
	struct stormer s = { .t = o->t };
	struct thread *caller = thread_create_on(cpu_id, "caller", call_beside_the_walk, &s);

	EXPECT(o->t, caller != NULL, "no memory");
	if (caller == NULL)
		return 0;
	__atomic_store_n(&storm_over, 0, __ATOMIC_RELAXED);
	thread_set_priority(current, PRIORITY_HIGH); /* or it would never have its turn */
	thread_set_priority(caller, PRIORITY_HIGH);
	thread_start(caller);
	for (u32 i = 0; i < 5; i++) {
		EXPECT_EQ(o->t, cpu_down(o->cpu, 0), 0);
		EXPECT_EQ(o->t, cpu_up(o->cpu), 0);
	}
	__atomic_store_n(&storm_over, 1, __ATOMIC_RELAXED);
	thread_join(caller);
	test_note("CPU %u: %lu rounds of calls", o->cpu, s.rounds);
	return 0;
}

TEST("cpu.hotplug", calls_beside_the_walk, .cpus = 2)
{
	operate_on_some(t, cycle_beside_a_caller);
}
