/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/driver.c - see driver.h.
 *
 * A CPU's thread runs on one address space or none (then it borrows what is loaded), and
 * changes any of a few that all know of: more than there are slots.  Faults go through
 * kernel/page_fault.c.
 */
#include "arch/x86_64/irq.h"
#include "arch/x86_64/pti.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/upcall.h"
#include "kernel/thread.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/asid.h"
#include "mm/counters.h"
#include "mm/pgd.h"
#include "mm/switch.h"
#include "tests/sim/driver.h"
#include "tests/sim/machine.h"
#include "tests/sim/memory.h"
#include "tests/sim/tlb.h"

#define MMS	      6u  /* that all know of */
#define LIVING_MAX    32u /* with those that are dying */
#define TOPS	      4u  /* top-level entries in use */
#define AREAS	      3u  /* below each, in tables of their own */
#define LARGE_AREA    2u  /* one of them, of a 2 MiB page; the others are of AREA_PAGES pages */
#define AREA_PAGES    2u  /* addresses in an area that are touched: pages, or halves */
#define TRIES_MAX     60u /* of one access */
#define CHURN_CHANGES 18u /* more than a ring has records */
#define CHURN_ONE_IN  6u

STATIC_ASSERT(TOPS *AREAS *AREA_PAGES == DRIVER_ADDRESSES, "AREA_PAGES in each area");

struct living {
	u64 ctx_id; /* 0: free */
	const pte_t *reference;
	u32 lazy_faults[SIM_CPUS_MAX];
	u64 bindings[SIM_CPUS_MAX]; /* counts of slots set up, when lazy_faults was 0 */
};

/* What runs on each CPU; of a thread only its mm counts here. */
static struct thread threads[MAX_CPUS];
DEFINE_PER_CPU(struct thread *, current);

static struct mm *mms[MMS];
static struct living living[LIVING_MAX];
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

vaddr_t driver_address(u32 n)
{
	return address_in(n / (AREAS * AREA_PAGES), n / AREA_PAGES % AREAS, n % AREA_PAGES);
}

static struct living *living_of(u64 ctx_id)
{
	for (u32 i = 0; i < LIVING_MAX; i++)
		if (living[i].ctx_id == ctx_id)
			return &living[i];
	return NULL;
}

const pte_t *driver_reference(u64 ctx_id)
{
	const struct living *l = living_of(ctx_id);

	return l == NULL ? NULL : l->reference;
}

static struct mm *born(struct mm *mm)
{
	struct living *l = living_of(0);

	ASSERT(mm != NULL && l != NULL, "no address space");
	*l = (struct living){ .ctx_id = mm->ctx_id, .reference = mm->reference };
	return mm;
}

static void put(struct mm *mm)
{
	struct living *l = living_of(mm->ctx_id);
	bool last;

	sim_locked_point(mm);
	last = mm->users == 1;
	if (last)
		sim_trace("mm %lu ends", mm->ctx_id, 0, 0, 0);
	sim_operation_begin();
	mm_put(mm);
	sim_operation_end();
	if (last)
		l->ctx_id = 0;
}

/* --- accesses ------------------------------------------------------------------------------ */

/* R10: an entry comes lazily to a CPU at most once while the mm lives (fill=setup), or
 * once in each binding. */
static void count_lazy(u64 ctx_id)
{
	struct living *l = living_of(ctx_id);
	u64 bindings = this_cpu_read(event_counts[SLOTS_SET_UP]);

	if (fill_policy == FILL_TOUCH && l->bindings[cpu_id] != bindings) {
		l->bindings[cpu_id] = bindings;
		l->lazy_faults[cpu_id] = 0;
	}
	if (pgd_kind == PGD_COPY && fill_policy == FILL_TOUCH)
		return; /* bound anew, as it were, at each switch */
	if (++l->lazy_faults[cpu_id] > TOPS)
		sim_fail("R10: CPU %u: %u lazy faults on mm %lu, which uses %u entries", cpu_id,
			 l->lazy_faults[cpu_id], ctx_id, TOPS);
}

/* A fault, as the hardware brings it.  May the access be tried again? */
static bool fault(const struct tlb_use *u, bool irqs)
{
	struct trapframe f = { .error = (u->write ? PF_WRITE : 0) | (u->present ? PF_PRESENT : 0),
			       .rflags = irqs ? RFLAGS_IF : 0 };
	u64 lazy = this_cpu_read(event_counts[LAZY_FAULTS]), ctx_id = cpu_tlb.loaded_ctx;
	bool again, user = sim_in_user();

	irq_disable();
	if (user)
		sim_leave_user();
	sim_operation_begin();
	again = trap_page_fault(&f, u->va);
	if (this_cpu_read(event_counts[LAZY_FAULTS]) != lazy)
		count_lazy(ctx_id);
	sim_operation_end();
	if (user)
		sim_enter_user();
	sim_drain(); /* IRET */
	if (irqs)
		irq_enable();
	return again;
}

static void touch(vaddr_t va, bool write)
{
	struct tlb_use u = { .cpu = cpu_id, .va = va, .write = write };
	bool irqs = irqs_enabled();

	for (u32 tries = 0; tries < TRIES_MAX; tries++) {
		sim_outside(tlb_use, &u);
		if (u.ok || !fault(&u, irqs))
			return;
	}
	sim_fail("CPU %u: %#lx faults again and again", cpu_id, va);
}

static vaddr_t any_address(void)
{
	u32 n = sim_random(used_tops * used_areas * AREA_PAGES);

	return address_in(n / (used_areas * AREA_PAGES), n / AREA_PAGES % used_areas,
			  n % AREA_PAGES);
}

/* --- changes -------------------------------------------------------------------------------- */

static void map_range(struct mm *mm, vaddr_t start, u64 size, u32 flags)
{
	struct map_request q = { .start = start,
				 .size = size,
				 .flags = REGION_READ | REGION_WRITE | flags,
				 .kind = REGION_ANON };

	sim_trace("map mm %lu %lx", mm->ctx_id, q.start, 0, 0);
	if (mm_map(mm, &q) != 0)
		sim_trace("  is there", 0, 0, 0, 0);
}

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

static void unmap(struct mm *mm, vaddr_t start, vaddr_t end)
{
	sim_trace("unmap mm %lu %lx - %lx", mm->ctx_id, start, end, 0);
	sim_operation_begin();
	if (mm_unmap(mm, start, end) != 0)
		sim_fail("unmap %#lx - %#lx fails", start, end);
	sim_operation_end();
	sim_trace("unmapped mm %lu %lx - %lx", mm->ctx_id, start, end, 0);
}

static void protect(struct mm *mm)
{
	static const u32 rights[] = { 0, REGION_READ, REGION_READ | REGION_WRITE };
	u32 wanted = rights[sim_random(ARRAY_SIZE(rights))];
	vaddr_t start, end;

	any_range(&start, &end);
	sim_trace("protect mm %lu %lx - %lx to %lx", mm->ctx_id, start, end, wanted);
	sim_operation_begin();
	if (mm_protect(mm, start, end, wanted) != 0)
		sim_fail("protect %#lx - %#lx fails", start, end);
	sim_operation_end();
	sim_trace("protected mm %lu %lx - %lx to %lx", mm->ctx_id, start, end, wanted);
}

static struct mm *forked(struct mm *mm)
{
	struct mm *child;

	sim_operation_begin();
	child = born(mm_fork(mm));
	sim_operation_end();
	sim_trace("mm %lu forked from %lu", child->ctx_id, mm->ctx_id, 0, 0);
	return child;
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

	for (u32 top = 0; top < TOPS; top++)
		if (sim_chance(2))
			map_area(mm, top, sim_random(used_areas));
	return mm;
}

/* --- switches --------------------------------------------------------------------------------- */

/* As a thread switch does it; an interrupt may touch user memory in the middle. */
static void switch_to(struct mm *next)
{
	struct mm *old = current->mm;

	mm_get(next);
	sim_trace("switch to mm %lu", next->ctx_id, 0, 0, 0);
	irq_disable();
	current->mm = next;
	if (sim_chance(4))
		touch(any_address(), false);
	switch_mm(next);
	irq_enable();
	if (old != NULL)
		put(old);
}

static void go_lazy(void)
{
	struct mm *old = current->mm;

	sim_trace("no mm, lazily", 0, 0, 0, 0);
	current->mm = NULL;
	if (old != NULL)
		put(old);
}

static void go_neutral(void)
{
	go_lazy();
	sim_trace("neutral", 0, 0, 0, 0);
	irq_disable();
	switch_to_neutral();
	irq_enable();
}

static void give_back(void)
{
	irq_disable();
	sim_trace("gives %lu back", asid_give_back(), 0, 0, 0);
	irq_enable();
}

/* A CPU goes and comes back: what others still read of its slots serves nobody meanwhile. */
static void leave_and_return(void)
{
	irq_disable();
	sim_trace("leaves", 0, 0, 0, 0);
	asid_release_cpu();
	ASSERT(asid_prepare_cpu(cpu_id) == 0, "no memory for CPU %u", cpu_id);
	irq_enable();
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
		protect(mm);
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

	switch_to(mm);
	for (u32 n = 0; n < CHURN_CHANGES && current->mm == mm; n++) {
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
		switch_to(mm);
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
		if (pti_on && current->mm != NULL && sim_chance(2))
			user_mode();
		for (u32 n = 0; n < 3 && current->mm != NULL; n++)
			touch(any_address(), sim_chance(2));
	}
}

static void run_program(u32 cpu)
{
	current = &threads[cpu];
	for (u32 n = 0; n < sim_options.operations; n++)
		step();
	go_neutral();
}

static void create_all(u32 cpu)
{
	current = &threads[cpu];
	if (cpu == 0)
		for (u32 i = 0; i < MMS; i++)
			mms[i] = fresh();
}

static void drop_all(u32 cpu)
{
	current = &threads[cpu];
	if (cpu == 0)
		for (u32 i = 0; i < MMS; i++)
			put(mms[i]);
	leave_and_return();
}

void driver_run(void)
{
	u32 before = memory_in_use();

	memset(living, 0, sizeof(living));
	used_mms = 2 + sim_random(sim_chance(2) ? 2 : MMS - 1);
	used_tops = 1 + sim_random(TOPS);
	used_areas = sim_options.large ? AREAS : LARGE_AREA;
	sim_machine_run(create_all);
	sim_machine_run(run_program);
	sim_machine_run(drop_all);
	if (memory_in_use() != before)
		sim_fail("%u frames in use before, %u after", before, memory_in_use());
}
