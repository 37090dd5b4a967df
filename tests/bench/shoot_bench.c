/* SPDX-License-Identifier: MIT */
/*
 * tests/bench/shoot_bench.c - a page is unmapped, or loses a right, while all other CPUs have the
 * address space loaded: who is told, and what those who are not do later.
 *
 *	..._shared	all CPUs have used the page
 *	..._near	this CPU alone has, but others hold the top-level entry that is above it
 *	..._own		this CPU alone, and the entry is the region's own, made when all CPUs had
 *			set their slots up
 *
 * The line of instructions is this CPU's, with the time in which it waits for others. The page
 * beside it stays, or its table would go with it, and then everybody is told.
 */
#include "arch/x86_64/ipi.h"
#include "lib/assert.h"
#include "mm/switch.h"
#include "tests/bench/bench.h"
#include "tests/user_memory.h"

#define COMMON	   TOP_ENTRY		 /* all CPUs use it */
#define NEAR_PLACE (TOP_ENTRY + 2 * MIB) /* below the same entry, but another table */
#define OWN_PLACE  (2 * TOP_ENTRY + 2 * MIB)

enum change {
	UNMAP,
	PROTECT,
};

struct shot {
	enum change change;
	vaddr_t place;
	bool shared; /* others use the page */
};

static void on_each(const struct cpumask *mask, ipi_fn fn, void *arg)
{
	preempt_disable();
	run_on_cpus(mask, fn, arg);
	preempt_enable();
}

static void enter(void *mm) REQUIRES(irqs_off)
{
	switch_mm(mm);
	ASSERT(get(COMMON) == 0, "the common page cannot be read");
}

static void leave(void *arg) REQUIRES(irqs_off)
{
	(void)arg;
	switch_to_neutral();
}

static void read_page(void *arg)
{
	const struct shot *shot = arg;

	ASSERT(get(shot->place) == 0, "a page that is there cannot be read");
}

static void map(struct mm *mm, vaddr_t at, u64 size, u32 flags)
{
	int err = map_anon(mm, at, size, flags);

	for (vaddr_t va = at; err == 0 && va < at + size; va += PAGE_SIZE)
		err = mm_fault(mm, va, FAULT_WRITE);
	ASSERT(err == 0, "benchmark: error %d", err);
}

static int change(struct mm *mm, const struct shot *shot)
{
	vaddr_t end = shot->place + PAGE_SIZE;

	return shot->change == UNMAP ? mm_unmap(mm, shot->place, end)
				     : mm_protect(mm, shot->place, end, REGION_READ);
}

/* The page is there again, with all rights. */
static void undo(struct mm *mm, const struct shot *shot, u32 flags)
{
	if (shot->change == UNMAP)
		map(mm, shot->place, PAGE_SIZE, flags);
	else if (mm_protect(mm, shot->place, shot->place + PAGE_SIZE, RW) ||
		 mm_fault(mm, shot->place, FAULT_WRITE))
		panic("benchmark: out of memory");
}

static void measure(struct bench *b, struct mm *mm, const struct shot *shot)
{
	struct cpumask rest = cpus_online;
	u64 start, end;
	int err;

	cpumask_clear(&rest, cpu_id);
	if (shot->shared)
		on_each(&rest, read_page, (void *)shot);
	read_page((void *)shot);
	start = bench_clock(COUNT_BEGIN);
	err = change(mm, shot);
	end = bench_clock(COUNT_END);
	ASSERT(err == 0, "benchmark: error %d", err);
	bench_add(b, end - start);
	on_each(&rest, leave, NULL);
	on_each(&rest, enter, mm);
}

static void shoot(struct bench *b, const struct shot *shot)
{
	u32 flags = shot->place == OWN_PLACE ? RW | REGION_OWN_TOP_ENTRY : RW;
	struct mm *mm = mm_create();

	ASSERT(mm != NULL, "out of memory");
	map(mm, COMMON, PAGE_SIZE, RW);
	kthread_use_mm(mm);
	on_each(&cpus_online, enter, mm);
	map(mm, shot->place, 2 * PAGE_SIZE, flags);
	while (bench_more(b)) {
		measure(b, mm, shot);
		undo(mm, shot, flags);
	}
	on_each(&cpus_online, leave, NULL);
	kthread_unuse_mm();
	mm_put(mm);
}

#define SHOOT(name, change, place, shared)                                                         \
	BENCH(name)                                                                                \
	{                                                                                          \
		shoot(b, &(struct shot){ change, place, shared });                                 \
	}

SHOOT(unmap_shared, UNMAP, NEAR_PLACE, true)
SHOOT(unmap_near, UNMAP, NEAR_PLACE, false)
SHOOT(unmap_own, UNMAP, OWN_PLACE, false)
SHOOT(protect_shared, PROTECT, NEAR_PLACE, true)
SHOOT(protect_near, PROTECT, NEAR_PLACE, false)
SHOOT(protect_own, PROTECT, OWN_PLACE, false)
