/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/driver.c - see driver.h.
 *
 * A CPU's thread runs on one address space or none, and changes any of a few that all know
 * of: more than there are slots.
 */
#include "arch/x86_64/irq.h"
#include "arch/x86_64/pti.h"
#include "lib/assert.h"
#include "mm/asid.h"
#include "tests/sim/driver.h"
#include "tests/sim/machine.h"
#include "tests/sim/memory.h"
#include "tests/sim/operations.h"

#define MMS	      6u /* that all know of */
#define TOPS	      TOPS_MAX
#define AREAS	      3u  /* below each, in tables of their own */
#define LARGE_AREA    2u  /* one of them, of a 2 MiB page; the others are of AREA_PAGES pages */
#define AREA_PAGES    2u  /* addresses in an area that are touched: pages, or halves */
#define CHURN_CHANGES 18u /* more than a ring has records */
#define CHURN_ONE_IN  6u

static struct mm *mms[MMS];
/* Programs of this schedule use so many: the fewer, the more they meet. */
static u32 used_mms, used_tops, used_areas;

/* --- what there is ----------------------------------------------------------------------- */

static vaddr_t area_start(u32 top, u32 area)
{
	static const u32 entries[TOPS] = { 0, 1, 70, 255 };
	static const u64 offsets[AREAS] = { 2 * MIB, GIB, [LARGE_AREA] = 4 * MIB };

	return ((u64)entries[top] << pt_shift(PT_LEVEL_TOP)) + offsets[area];
}

/* From one address of an area to the next. */
static u64 area_step(u32 area)
{
	return area == LARGE_AREA ? LARGE_PAGE_SIZE / AREA_PAGES : PAGE_SIZE;
}

static vaddr_t area_end(u32 top, u32 area)
{
	return area_start(top, area) + AREA_PAGES * area_step(area);
}

static vaddr_t address_in(u32 top, u32 area, u32 n)
{
	return area_start(top, area) + n * area_step(area);
}

void driver_use(u32 tops)
{
	used_tops = tops;
	used_areas = 1;
}

u32 driver_addresses(void)
{
	return used_tops * used_areas * AREA_PAGES;
}

vaddr_t driver_address(u32 n)
{
	return address_in(n / (used_areas * AREA_PAGES), n / AREA_PAGES % used_areas,
			  n % AREA_PAGES);
}

/* --- chance ---------------------------------------------------------------------------------- */

static vaddr_t any_address(void)
{
	return driver_address(sim_random(driver_addresses()));
}

/* An interrupt may touch user memory in the middle. */
static void switch_somehow(struct mm *mm)
{
	switch_to(mm, sim_chance(4) ? any_address() : NO_ADDRESS);
}

/* --- changes -------------------------------------------------------------------------------- */

static void map_area(struct mm *mm, u32 top, u32 area)
{
	map_range(mm, area_start(top, area), AREA_PAGES * area_step(area),
		  area == LARGE_AREA ? REGION_LARGE : 0);
}

static void any_range(vaddr_t *start, vaddr_t *end)
{
	u32 top = sim_random(used_tops), area = sim_random(used_areas);

	*start = area_start(top, area);
	*end = area_end(top, area);
	if (sim_chance(3))
		*end -= area_step(area);
	else if (sim_chance(8))
		*end = area_end(top, 1); /* the highest */
}

static void protect_somehow(struct mm *mm)
{
	static const u32 rights[] = { 0, REGION_READ, REGION_READ | REGION_WRITE };
	u32 wanted = rights[sim_random(ARRAY_SIZE(rights))];
	vaddr_t start, end;

	any_range(&start, &end);
	protect(mm, start, end, wanted);
}

/* All know of @mm from now on, and of what was at @at no more. */
static void publish(u32 at, struct mm *mm)
{
	struct mm *old;

	sim_locked_point(mm); /* what was written to it comes first */
	old = mms[at];
	mms[at] = mm;
	put(old);
}

static struct mm *fresh(void)
{
	struct mm *mm = born(mm_create());

	for (u32 top = 0; top < used_tops; top++)
		if (sim_chance(2))
			map_area(mm, top, sim_random(used_areas));
	return mm;
}

/* --- programs -----------------------------------------------------------------------------------
 */

static void change(struct mm *mm, u32 at)
{
	vaddr_t start, end;

	/* The last two put another into its place. */
	switch (sim_random(sim_options.steady ? 6 : 8)) {
	case 0:
	case 1:
		map_area(mm, sim_random(used_tops), sim_random(used_areas));
		break;
	case 2:
	case 3:
	case 4:
		any_range(&start, &end);
		unmap(mm, start, end);
		break;
	case 5:
		protect_somehow(mm);
		break;
	case 6:
		publish(at, forked(mm));
		break;
	default:
		publish(at, fresh());
	}
}

/*
 * More changes than the ring has records, all below one entry, and none frees a table: who
 * lags and does not hold that entry must not take the ring for all that has happened.
 */
static void churn(struct mm *mm)
{
	vaddr_t va = area_start(sim_random(used_tops), 0);

	switch_somehow(mm);
	for (u32 n = 0; n < CHURN_CHANGES && thread_mm() == mm; n++) {
		map_range(mm, va, AREA_PAGES * PAGE_SIZE, 0);
		map_range(mm, va, PAGE_SIZE, 0);
		touch(va + PAGE_SIZE, true);
		touch(va, true);
		unmap(mm, va, va + PAGE_SIZE);
	}
}

/* On the user's PGD and tag: faults and IPIs come and go between. */
static void user_mode(void)
{
	irq_disable();
	sim_enter_user();
	irq_enable();
	for (u32 n = 0; n < 3; n++)
		touch(any_address(), sim_chance(2));
	irq_disable();
	sim_leave_user();
	irq_enable();
}

static void step(void)
{
	u32 at = sim_random(used_mms);
	struct mm *mm = mms[at];

	switch (sim_random(10)) {
	case 0:
	case 1:
	case 2:
		switch_somehow(mm);
		break;
	case 3:
	case 4:
		mm_get(mm);
		if (sim_options.steady && sim_chance(CHURN_ONE_IN))
			churn(mm);
		change(mm, at);
		put(mm);
		break;
	case 5:
		if (sim_chance(6))
			give_back();
		else if (sim_chance(6))
			go_neutral();
		else if (sim_chance(2))
			go_lazy();
		break;
	default:
		if (pti_on && thread_mm() != NULL && sim_chance(2))
			user_mode();
		for (u32 n = 0; n < 3 && thread_mm() != NULL; n++)
			touch(any_address(), sim_chance(2));
	}
}

/* Numbers of operations besides those of programs, and of phases. */
#define OP_CREATE 0u
#define OP_FIRST  1u
#define OP_END	  (SIM_OPS_MAX - 2)
#define OP_DROP	  (SIM_OPS_MAX - 1)

static void run_program(u32 cpu)
{
	thread_begin(cpu);
	for (u32 n = 0; n < sim_options.operations; n++)
		if (sim_begin_op(OP_FIRST + n))
			step();
	(void)sim_begin_op(OP_END);
	go_neutral();
}

static void create_all(u32 cpu)
{
	thread_begin(cpu);
	(void)sim_begin_op(OP_CREATE);
	if (cpu == 0)
		for (u32 i = 0; i < used_mms; i++)
			mms[i] = fresh();
}

static void drop_all(u32 cpu)
{
	thread_begin(cpu);
	(void)sim_begin_op(OP_DROP);
	if (cpu == 0)
		for (u32 i = 0; i < used_mms; i++)
			put(mms[i]);
	leave_and_return();
}

void driver_run(void)
{
	u32 before = memory_in_use();

	operations_begin();
	used_mms = 2 + sim_random(sim_chance(2) ? 2 : MMS - 1);
	used_tops = 1 + sim_random(TOPS);
	used_areas = sim_options.large ? AREAS : LARGE_AREA;
	sim_machine_run(create_all, 0);
	sim_machine_run(run_program, 1);
	sim_machine_run(drop_all, 2);
	if (memory_in_use() != before)
		sim_fail("%u frames in use before, %u after", before, memory_in_use());
}
