/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/search.c - see search.h.  Depth first: a schedule is run from its beginning with
 * the choices that led to a place, another one there, and the first one everywhere behind it.
 */
#include "tests/sim/schedule.h"
#include "tests/sim/search.h"
#include "tests/sim/vcpu.h"

#define CHOICES_MAX 20000u
#define OPTIONS_MAX (2 * SIM_CPUS_MAX)

struct choice {
	u8 taken, options;
};

static struct choice choices[CHOICES_MAX];
static u32 chosen;  /* choices that are fixed */
static u32 reached; /* of this schedule */
static bool first_schedule;
static struct search_bounds bounds, left;
static bool choosing; /* in the phase for it */

void search_begin(const struct search_bounds *b)
{
	bounds = *b;
	chosen = 0;
	first_schedule = true;
}

bool search_next(void)
{
	if (!first_schedule) {
		if (reached < chosen)
			sim_fail("a schedule ended before its choices did");
		chosen = reached;
		while (chosen > 0 && choices[chosen - 1].taken + 1 == choices[chosen - 1].options)
			chosen--;
		if (chosen == 0)
			return false;
		choices[chosen - 1].taken++;
	}
	first_schedule = false;
	reached = 0;
	left = bounds;
	return true;
}

u32 search_choices(void)
{
	return reached;
}

u32 search_choose(u32 n)
{
	if (n <= 1 || !choosing)
		return 0;
	if (reached == CHOICES_MAX)
		sim_fail("more than %u choices", CHOICES_MAX);
	if (reached >= chosen)
		choices[reached] = (struct choice){ 0, (u8)n };
	else if (choices[reached].options != n)
		sim_fail("the same choices lead elsewhere");
	return choices[reached++].taken;
}

bool search_store(void)
{
	const struct vcpu *v = &vcpus[running];

	if (!choosing)
		return true;
	if (v->store_count > 1)
		return false; /* behind one that waits */
	if (left.delays == 0 || search_choose(2) == 0)
		return true;
	left.delays--;
	sim_trace("  the store waits", 0, 0, 0, 0);
	return false;
}

/* What can happen now: the first is what does if nothing is chosen. */
struct option {
	u32 cpu;
	bool drains, preempts;
};

static u32 find_options(struct option *options)
{
	u32 last = schedule_last(), first = last == SIM_CPUS_MAX ? 0 : last, n = 0;
	bool goes_on = last != SIM_CPUS_MAX && can_run(&vcpus[last]);

	for (u32 i = 0; i < sim_options.cpus; i++) {
		u32 cpu = (first + i) % sim_options.cpus;

		if (!can_run(&vcpus[cpu]) || (i > 0 && goes_on && left.preemptions == 0))
			continue;
		options[n++] = (struct option){ .cpu = cpu, .preempts = i > 0 && goes_on };
	}
	for (u32 cpu = 0; cpu < sim_options.cpus && n > 0 && left.delays != 0; cpu++)
		if (vcpus[cpu].store_count != 0)
			options[n++] = (struct option){ .cpu = cpu, .drains = true };
	return n;
}

void search_turn(u32 phase)
{
	struct option options[OPTIONS_MAX], *o;
	u32 n;

	choosing = phase == SEARCH_PHASE;
	n = find_options(options);
	if (n == 0) {
		schedule_force();
		return;
	}
	o = &options[search_choose(n)];
	if (o->drains) {
		left.delays--;
		schedule_drain(o->cpu);
		return;
	}
	left.preemptions -= o->preempts;
	if (o->cpu != schedule_last())
		sim_trace(o->preempts ? "          preempted: CPU%lu goes on"
				      : "          CPU%lu goes on",
			  o->cpu, 0, 0, 0);
	schedule_run(o->cpu, choosing && (left.preemptions | left.delays) != 0
				     ? vcpus[o->cpu].clock + 1
				     : ~0ul);
}
