/* SPDX-License-Identifier: MIT */
/*
 * tests/bench/visit_bench.c - all CPUs with all of many address spaces: what that costs in slots,
 * copies, lazy faults and PGDs.
 *
 * The line of instructions is this CPU's part.  Its events are of all CPUs, so they have what
 * the others did, by cross-CPU calls.
 */
#include "arch/x86_64/ipi.h"
#include "arch/x86_64/uaccess.h"
#include "kernel/options.h"
#include "lib/assert.h"
#include "mm/slab.h"
#include "mm/switch.h"
#include "tests/bench/bench.h"
#include "tests/user_memory.h"

struct tour {
	u32 n;
	struct mm **mm;
};

static vaddr_t place(u32 entry)
{
	return entry * TOP_ENTRY + PAGE_SIZE;
}

/* A page below each of top_entries= entries of @mm. */
static void populate(struct mm *mm)
{
	for (u32 i = 0; i < options.top_entries; i++)
		if (map_anon(mm, place(i), PAGE_SIZE, RW) || mm_fault(mm, place(i), FAULT_WRITE))
			panic("benchmark: out of memory");
}

/* Read them all on the CPU that has the mm loaded: what is missing is a top-level entry. */
static void read_all(void)
{
	for (u32 i = 0; i < options.top_entries; i++)
		ASSERT(get(place(i)) == 0, "a page that is there cannot be read");
}

static void go_round(void *arg) REQUIRES(irqs_off)
{
	const struct tour *tour = arg;

	for (u32 i = 0; i < tour->n; i++) {
		switch_mm(tour->mm[i]);
		read_all();
	}
}

static void leave(void *arg) REQUIRES(irqs_off)
{
	(void)arg;
	switch_to_neutral();
}

static struct cpumask others(void)
{
	struct cpumask mask = cpus_online;

	cpumask_clear(&mask, cpu_id);
	return mask;
}

static void tour_make(struct tour *tour)
{
	tour->n = options.ring_mms;
	tour->mm = kmalloc(tour->n * sizeof(tour->mm[0]));
	ASSERT(tour->mm != NULL, "out of memory");
	for (u32 i = 0; i < tour->n; i++) {
		tour->mm[i] = mm_create();
		ASSERT(tour->mm[i] != NULL, "out of memory");
		populate(tour->mm[i]);
	}
}

/* A round: each CPU goes to each of ring_mms= address spaces, and uses all its entries. */
BENCH(visit)
{
	struct cpumask rest = others();
	struct tour tour;

	preempt_disable();
	tour_make(&tour);
	while (bench_more(b)) {
		run_on_cpus(&rest, go_round, &tour);
		bench_sample(b, go_round(&tour));
	}
	preempt_enable();
	run_on_cpus(&cpus_online, leave, NULL);
	for (u32 i = 0; i < tour.n; i++)
		mm_put(tour.mm[i]);
	kfree(tour.mm);
}

static void load(void *mm) REQUIRES(irqs_off)
{
	switch_mm(mm);
}

static void read_there(void *arg)
{
	(void)arg;
	read_all();
}

/* The life of an address space that gets its entries when each CPU has it loaded already. */
BENCH(grow)
{
	struct cpumask rest = others();

	preempt_disable();
	while (bench_more(b)) {
		struct mm *mm = mm_create();

		ASSERT(mm != NULL, "out of memory");
		run_on_cpus(&cpus_online, load, mm);
		populate(mm);
		run_on_cpus(&rest, read_there, NULL);
		bench_sample(b, read_all());
		run_on_cpus(&cpus_online, leave, NULL);
		mm_put(mm);
	}
	preempt_enable();
}
