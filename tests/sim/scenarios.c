/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/scenarios.c - see scenarios.h.
 *
 * Each is a race that the protocol of mm/flush.c has an answer to.  What a CPU does before the
 * race is in .setup, without choices, CPU 0 first.  Both threads then run on mm `a`, unless
 * .setup says otherwise; area 0 has two pages, below one table.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "arch/x86_64/irq.h"
#include "arch/x86_64/pti.h"
#include "lib/assert.h"
#include "mm/asid.h"
#include "mm/flush.h"
#include "mm/pgd.h"
#include "tests/sim/driver.h"
#include "tests/sim/machine.h"
#include "tests/sim/memory.h"
#include "tests/sim/operations.h"
#include "tests/sim/scenarios.h"
#include "tests/sim/schedule.h"
#include "tests/sim/search.h"

#define PAGE(top, n) driver_address(2 * (top) + (n))

static struct mm *a, *b, *c;

/* --- beginnings ------------------------------------------------------------------------------ */

static struct mm *with_pages(u32 tops)
{
	struct mm *mm = born(mm_create());

	for (u32 top = 0; top < tops; top++)
		map_range(mm, PAGE(top, 0), 2 * PAGE_SIZE, 0);
	return mm;
}

static void run_on(struct mm *mm)
{
	switch_to(mm, NO_ADDRESS);
}

static void touch_both(u32 top)
{
	touch(PAGE(top, 0), true);
	touch(PAGE(top, 1), true);
}

static void make(u32 cpu, u32 tops)
{
	if (cpu != 0)
		return;
	a = with_pages(tops);
	b = with_pages(1);
	c = with_pages(1);
}

static void both_on_a(u32 cpu)
{
	make(cpu, 1);
	run_on(a);
	touch_both(0);
}

/* CPU 1 has a slot for a, which is not loaded. */
static void one_was_on_a(u32 cpu)
{
	both_on_a(cpu);
	if (cpu == 1)
		run_on(b);
}

/* CPU 1 has no slot for a any more, and is still among the CPUs that may have one. */
static void one_lost_its_slot(u32 cpu)
{
	one_was_on_a(cpu);
	if (cpu == 1)
		run_on(c);
}

/* CPU 1's copy of the top level has not got the second entry. */
static void one_lacks_an_entry(u32 cpu)
{
	make(cpu, 2);
	run_on(a);
	touch(PAGE(0, 0), true);
	if (cpu == 0)
		touch_both(1);
}

/* CPU 1 borrows a, which CPU 0 alone holds. */
static void one_borrows_a(u32 cpu)
{
	both_on_a(cpu);
	if (cpu == 1)
		go_lazy();
	else
		run_on(b);
}

/* --- races ----------------------------------------------------------------------------------- */

static void unmap_or_touch(u32 cpu)
{
	if (cpu == 0)
		unmap(a, PAGE(0, 0), PAGE(0, 1));
	else
		touch_both(0);
}

static void unmap_all_or_touch(u32 cpu)
{
	if (cpu == 0)
		unmap(a, PAGE(0, 0), PAGE(0, 1) + PAGE_SIZE);
	else
		touch_both(0);
}

static void unmap_or_switch_in(u32 cpu)
{
	if (cpu == 0) {
		unmap(a, PAGE(0, 0), PAGE(0, 1));
		return;
	}
	run_on(a);
	touch(PAGE(0, 0), false);
}

static void unmap_or_pass_through(u32 cpu)
{
	if (cpu == 0) {
		unmap(a, PAGE(0, 0), PAGE(0, 1));
		return;
	}
	run_on(a);
	run_on(b);
}

static void unmap_or_come_back(u32 cpu)
{
	if (cpu == 0) {
		unmap(a, PAGE(0, 0), PAGE(0, 1));
		return;
	}
	run_on(b);
	run_on(a);
	touch(PAGE(0, 0), false);
}

static void unmap_or_reuse(u32 cpu)
{
	if (cpu == 0) {
		unmap(a, PAGE(0, 0), PAGE(0, 1));
		return;
	}
	run_on(c); /* takes a's slot */
	run_on(a);
	touch(PAGE(0, 0), false);
}

static void unmap_twice_or_bind(u32 cpu)
{
	if (cpu == 0) {
		unmap(a, PAGE(0, 0), PAGE(0, 1));
		unmap(a, PAGE(0, 1), PAGE(0, 1) + PAGE_SIZE);
		return;
	}
	run_on(a);
	touch(PAGE(0, 1), false);
}

static void unmap_or_copy_entry(u32 cpu)
{
	if (cpu == 0)
		unmap(a, PAGE(1, 0), PAGE(1, 1));
	else
		touch(PAGE(1, 0), false);
}

static void protect_or_copy_entry(u32 cpu)
{
	if (cpu == 0)
		protect(a, PAGE(1, 0), PAGE(1, 1), REGION_READ);
	else
		touch(PAGE(1, 0), true);
}

static void map_or_touch(u32 cpu)
{
	if (cpu == 0) {
		unmap(a, PAGE(0, 0), PAGE(0, 1));
		map_range(a, PAGE(0, 0), PAGE_SIZE, 0);
		touch(PAGE(0, 0), true);
		return;
	}
	touch(PAGE(0, 0), true);
}

static void fork_or_write(u32 cpu)
{
	if (cpu == 0)
		put(forked(a));
	else
		touch(PAGE(0, 0), true);
}

static void copy_or_write(u32 cpu)
{
	touch(PAGE(0, 0), cpu == 0);
	touch(PAGE(0, 0), true);
}

static void copy_setup(u32 cpu)
{
	both_on_a(cpu);
	if (cpu == 1)
		b = forked(a);
}

static void end_or_borrow(u32 cpu)
{
	if (cpu == 0) {
		put(a);
		a = NULL;
	} else {
		touch(PAGE(0, 0), false);
		run_on(b);
	}
}

static void end_or_leave(u32 cpu)
{
	if (cpu == 0) {
		put(a);
		a = NULL;
	} else {
		go_neutral();
		leave_and_return();
	}
}

/* --- all of them --------------------------------------------------------------------------------
 */

struct scenario {
	const char *name;
	void (*setup)(u32 cpu);
	void (*race)(u32 cpu);
	u32 tops, slots;
	struct search_bounds all, quick;
};

static const struct scenario scenarios[] = {
	{ "unmap-access", both_on_a, unmap_or_touch, 1, 3, { 3, 1 }, { 2, 1 } },
	{ "free-tables-access", both_on_a, unmap_all_or_touch, 1, 3, { 3, 1 }, { 2, 1 } },
	{ "unmap-switch-in", one_was_on_a, unmap_or_switch_in, 1, 3, { 3, 1 }, { 2, 1 } },
	{ "unmap-pass-through", one_was_on_a, unmap_or_pass_through, 1, 3, { 3, 1 }, { 2, 1 } },
	{ "unmap-come-back", both_on_a, unmap_or_come_back, 1, 3, { 3, 1 }, { 1, 1 } },
	{ "unmap-reuse-slot", one_was_on_a, unmap_or_reuse, 1, 2, { 3, 1 }, { 1, 1 } },
	{ "unmap-unmap-bind", one_lost_its_slot, unmap_twice_or_bind, 1, 2, { 3, 1 }, { 1, 1 } },
	{ "unmap-copy-entry", one_lacks_an_entry, unmap_or_copy_entry, 2, 3, { 3, 1 }, { 2, 1 } },
	{ "protect-copy-entry",
	  one_lacks_an_entry,
	  protect_or_copy_entry,
	  2,
	  3,
	  { 3, 1 },
	  { 2, 1 } },
	{ "unmap-map-access", both_on_a, map_or_touch, 1, 3, { 3, 1 }, { 2, 1 } },
	{ "fork-write", both_on_a, fork_or_write, 1, 3, { 3, 1 }, { 2, 1 } },
	{ "copy-write", copy_setup, copy_or_write, 1, 3, { 3, 1 }, { 2, 1 } },
	{ "end-borrow", one_borrows_a, end_or_borrow, 1, 3, { 3, 1 }, { 2, 1 } },
	{ "end-leave", one_borrows_a, end_or_leave, 1, 2, { 3, 1 }, { 2, 1 } },
};

static const struct scenario *current_scenario;

static void begin(u32 cpu)
{
	thread_begin(cpu);
	(void)sim_begin_op(0);
}

static void setup(u32 cpu)
{
	begin(cpu);
	current_scenario->setup(cpu);
}

static void race(u32 cpu)
{
	thread_begin(cpu);
	(void)sim_begin_op(1);
	current_scenario->race(cpu);
}

static void finish(u32 cpu)
{
	thread_begin(cpu);
	(void)sim_begin_op(2);
	go_neutral();
	if (cpu != sim_options.cpus - 1)
		return;
	if (a != NULL)
		put(a);
	put(b);
	put(c);
}

static void run_one(u64 number)
{
	u32 before;

	sim_machine_reset(number);
	before = memory_in_use();
	operations_begin();
	driver_use(current_scenario->tops);
	sim_machine_run(setup, 0);
	sim_machine_run(race, SEARCH_PHASE);
	sim_machine_run(finish, 2);
	if (memory_in_use() > before + 2 * sim_options.cpus * current_scenario->slots)
		sim_fail("%u frames in use before, %u after", before, memory_in_use());
}

static double seconds(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

static void search(const struct scenario *s, const struct search_bounds *bounds)
{
	double start = seconds(), spent;
	static char what[80];
	u64 schedules = 0;
	u32 deepest = 0;

	current_scenario = s;
	snprintf(what, sizeof(what), "of %s, fill=%s pti=%s, ", s->name,
		 fill_policy == FILL_SETUP ? "setup" : "touch", pti_on ? "on" : "off");
	sim_options.scenario = what;
	asids = s->slots;
	search_begin(bounds);
	while (search_next()) {
		run_one(++schedules);
		deepest = MAX(deepest, search_choices());
	}
	spent = seconds() - start;
	printf("%-20s fill=%-5s pti=%-3s %u preemptions, %u delays: all %8lu schedules, up to %4u "
	       "choices, "
	       "%6.1f s\n",
	       s->name, fill_policy == FILL_SETUP ? "setup" : "touch", pti_on ? "on" : "off",
	       bounds->preemptions, bounds->delays, schedules, deepest, spent);
	fflush(stdout);
}

/* Isolated, the classic kernel copies a whole top level, which others may see at each entry. */
static struct search_bounds isolated(const struct search_bounds *of)
{
	return (struct search_bounds){ of->preemptions - 1, of->delays };
}

/* With and without isolation, and what fill= may be, where entries are copied at all. */
static void search_variants(const struct scenario *s, const struct search_bounds *bounds)
{
	const struct search_bounds less = isolated(bounds);

	for (u32 variant = 0; variant < 3; variant++) {
		pti_on = variant == 2;
		fill_policy = variant == 0 ? FILL_SETUP : FILL_TOUCH;
		flush_init();
		pgd_init();
		if (fill_policy == FILL_SETUP && !pgd_copies_entries())
			continue;
		search(s, pti_on ? &less : bounds);
	}
}

void scenarios_search(const char *which)
{
	bool quick = strcmp(which, "quick") == 0, all = quick || strcmp(which, "all") == 0;

	schedule_options.kind = SCHEDULE_SEARCH;
	sim_options.greed = GREED_ALL;
	pgd_kind = PGD_ASID;
	pt_set_levels(4);
	for (u32 i = 0; i < ARRAY_SIZE(scenarios); i++)
		if (all || strncmp(scenarios[i].name, which, strlen(which)) == 0)
			search_variants(&scenarios[i],
					quick ? &scenarios[i].quick : &scenarios[i].all);
}
