/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/schedule.c - see schedule.h: schedules by chance, by priorities, and replayed.
 *
 * By chance: at each turn perhaps a store drains, perhaps a TLB speculates, and some CPU runs
 * for some accesses.  Now and then a CPU is left standing for long, which is what opens
 * narrow windows.
 *
 * By priorities, after PCT (Burckhardt, Kothari, Musuvathi, Nagarakatte: A Randomized Scheduler
 * with Probabilistic Guarantees of Finding Bugs, ASPLOS 2010): CPUs and store buffers are
 * threads with priorities, the highest that can runs, and at few random steps the one that
 * runs becomes the lowest.  A program here is long and PCT's guarantee falls with length, so
 * all priorities are drawn anew after each window of steps.
 */
#include "lib/assert.h"
#include "lib/rand.h"
#include "tests/sim/driver.h"
#include "tests/sim/schedule.h"
#include "tests/sim/search.h"
#include "tests/sim/tlb.h"
#include "tests/sim/vcpu.h"

#define STANDING_SHORT 40u
#define STANDING_LONG  200u		  /* whole operations of others */
#define THREADS_MAX    (2 * SIM_CPUS_MAX) /* CPUs, then their store buffers */

struct schedule_options schedule_options;

static struct rand dice;
static u32 last;  /* who ran last; SIM_CPUS_MAX: nobody in this phase */
static u32 phase; /* of the schedule */

u32 schedule_last(void)
{
	return last;
}

static u32 draw(u32 n)
{
	return (u32)rand_below(&dice, n);
}

/* --- decisions ------------------------------------------------------------------------------ */

static void set_place(struct decision *d)
{
	d->after = last;
	d->op = last == SIM_CPUS_MAX ? phase : vcpus[last].op;
	d->clock = last == SIM_CPUS_MAX ? 0 : vcpus[last].clock - vcpus[last].op_start;
}

static void note(struct decision d)
{
	struct recording *r = schedule_options.record;

	if (r == NULL)
		return;
	set_place(&d);
	if (r->count < DECISIONS_MAX)
		r->decisions[r->count] = d;
	r->count++;
}

void schedule_drain(u32 cpu)
{
	if (vcpus[cpu].store_count == 0)
		return;
	note((struct decision){ .kind = DECIDE_DRAIN, .cpu = cpu });
	sim_trace("          a store of CPU%lu drains", cpu, 0, 0, 0);
	drain_one(cpu);
}

static void fill(u32 cpu, u32 address, u64 seed)
{
	if (address >= driver_addresses())
		return;
	note((struct decision){
		.kind = DECIDE_FILL, .cpu = cpu, .address = address, .dice = seed });
	sim_seed_outside(seed);
	tlb_speculate(cpu, driver_address(address));
}

void schedule_run(u32 cpu, u64 stop_at)
{
	if (cpu != last)
		note((struct decision){ .kind = DECIDE_RUN, .cpu = cpu });
	last = cpu;
	vcpus[cpu].stop_at = stop_at;
	run_cpu(cpu);
}

/* Nobody can run: stores drain in the end, and if none is left nothing will ever happen. */
void schedule_force(void)
{
	for (u32 cpu = 0; cpu < sim_options.cpus; cpu++)
		if (vcpus[cpu].store_count != 0) {
			schedule_drain(cpu);
			return;
		}
	if (sim_options.when_all_wait == NULL || !sim_options.when_all_wait())
		sim_fail("all CPUs wait for ever");
}

/* From @first on; SIM_NOBODY: none can. */
static u32 next_that_can(u32 first)
{
	for (u32 i = 0; i < sim_options.cpus; i++)
		if (can_run(&vcpus[(first + i) % sim_options.cpus]))
			return (first + i) % sim_options.cpus;
	return SIM_NOBODY;
}

/* --- by chance ------------------------------------------------------------------------------ */

/* One in a power of two turns; how long a CPU runs at most. */
static u32 drain_mask, speculate_mask, stand_mask, run_max;

static void chance_begin(void)
{
	static const u32 masks[] = { 1, 7, 31, 127 };
	static const u32 runs[] = { 2, 8, 8, 30 };

	drain_mask = masks[draw(ARRAY_SIZE(masks))];
	speculate_mask = masks[draw(2)];
	stand_mask = masks[1 + draw(ARRAY_SIZE(masks) - 1)];
	run_max = runs[draw(ARRAY_SIZE(runs))];
}

static void chance_turn(void)
{
	u64 r = rand_next(&dice);
	u32 cpu = (u32)(r >> 56) % sim_options.cpus;
	struct vcpu *v = &vcpus[cpu];

	if ((r & drain_mask) == 0)
		schedule_drain(draw(sim_options.cpus));
	if ((r >> 8 & speculate_mask) == 0)
		fill(draw(sim_options.cpus), draw(driver_addresses()), rand_next(&dice));
	if (v->standing > 0) {
		v->standing--;
		return;
	}
	if ((r >> 16 & stand_mask) == 0)
		v->standing = 1 + draw(draw(4) == 0 ? STANDING_LONG : STANDING_SHORT);
	if (can_run(v))
		schedule_run(cpu, v->clock + 1 + (u32)(r >> 32 & 0xffff) % run_max);
	else if (next_that_can(0) == SIM_NOBODY)
		schedule_force();
}

/* --- by priorities --------------------------------------------------------------------------- */

static u32 priority[THREADS_MAX]; /* higher goes first */
static u32 lowest, window, depth, changes_left;
static u64 next_change;

static void shuffle_priorities(void)
{
	u32 n = 2 * sim_options.cpus;

	lowest = 1u << 20;
	for (u32 i = 0; i < n; i++) {
		u32 other = draw(i + 1);

		priority[i] = priority[other];
		priority[other] = lowest + i;
	}
	changes_left = depth - 1;
}

static void priorities_begin(void)
{
	static const u32 windows[] = { 50, 150, 500, 1500 };

	window = windows[draw(ARRAY_SIZE(windows))];
	depth = schedule_options.depth != 0 ? schedule_options.depth : 2 + draw(4);
	shuffle_priorities();
	next_change = sim_steps + 1 + draw(2 * window / depth);
}

static u32 highest(void)
{
	u32 n = sim_options.cpus, best = SIM_NOBODY;

	for (u32 i = 0; i < 2 * n; i++)
		if ((i < n ? can_run(&vcpus[i]) : vcpus[i - n].store_count != 0) &&
		    (best == SIM_NOBODY || priority[i] > priority[best]))
			best = i;
	return best;
}

/* The one that would go on becomes the lowest; after some changes all are drawn anew. */
static void change_priorities(void)
{
	u32 thread = highest();

	next_change = sim_steps + 1 + draw(2 * window / depth);
	if (changes_left == 0) {
		shuffle_priorities();
	} else {
		changes_left--;
		if (thread != SIM_NOBODY)
			priority[thread] = --lowest;
	}
	for (u32 i = 0; i < sim_options.cpus; i++)
		fill(draw(sim_options.cpus), draw(driver_addresses()), rand_next(&dice));
}

static void priority_turn(void)
{
	u32 thread;

	if (sim_steps >= next_change)
		change_priorities();
	thread = highest();
	if (thread == SIM_NOBODY)
		schedule_force();
	else if (thread >= sim_options.cpus)
		schedule_drain(thread - sim_options.cpus);
	else
		schedule_run(thread, vcpus[thread].clock + (next_change - sim_steps));
}

void schedule_look(void)
{
	if (schedule_options.kind == SCHEDULE_PRIORITY && running != SIM_NOBODY)
		vcpus[running].stop_at = 0;
}

/* --- replayed -------------------------------------------------------------------------------- */

/* Decisions by the CPU after whose stretch they were made, in order, and how far we are. */
static u32 *replay_of[SIM_CPUS_MAX + 1];
static u32 replay_count[SIM_CPUS_MAX + 1], replay_at[SIM_CPUS_MAX + 1];
static u32 replay_store[DECISIONS_MAX];

static void replay_begin(void)
{
	const struct recording *r = schedule_options.replay;
	u32 used = 0;

	for (u32 after = 0; after <= SIM_CPUS_MAX; after++) {
		replay_of[after] = &replay_store[used];
		replay_at[after] = 0;
		for (u32 i = 0; i < r->count; i++)
			if (r->decisions[i].after == after && !r->decisions[i].dropped)
				replay_store[used++] = i;
		replay_count[after] = (u32)(&replay_store[used] - replay_of[after]);
	}
}

static const struct decision *next_decision(u32 after)
{
	if (replay_at[after] == replay_count[after])
		return NULL;
	return &schedule_options.replay->decisions[replay_of[after][replay_at[after]]];
}

static bool is_before(const struct decision *d, const struct decision *place)
{
	return d->op != place->op ? d->op < place->op : d->clock < place->clock;
}

/* Do what was decided here; who was to run, or SIM_NOBODY. */
static u32 decided_here(void)
{
	struct decision here;
	const struct decision *d;

	set_place(&here);
	while ((d = next_decision(here.after)) != NULL && is_before(d, &here))
		replay_at[here.after]++;
	for (; d != NULL && !is_before(&here, d); d = next_decision(here.after)) {
		replay_at[here.after]++;
		if (d->kind == DECIDE_RUN)
			return d->cpu;
		if (d->kind == DECIDE_DRAIN)
			schedule_drain(d->cpu);
		else
			fill(d->cpu, d->address, d->dice);
	}
	return SIM_NOBODY;
}

/* When @v has to stop for the next decision in the operation it is in. */
static u64 replay_stop(u32 cpu)
{
	const struct decision *d = next_decision(cpu);

	if (d == NULL || d->op > vcpus[cpu].op)
		return ~0ul;
	return d->op < vcpus[cpu].op ? 0 : vcpus[cpu].op_start + d->clock;
}

static void replay_turn(void)
{
	u32 cpu = decided_here();

	if (cpu == SIM_NOBODY || !can_run(&vcpus[cpu]))
		cpu = next_that_can(last == SIM_CPUS_MAX ? 0 : last);
	if (cpu == SIM_NOBODY) {
		schedule_force();
		return;
	}
	if (cpu != last)
		sim_trace("          CPU%lu goes on", cpu, 0, 0, 0);
	schedule_run(cpu, replay_stop(cpu));
}

/* --- any ------------------------------------------------------------------------------------- */

void schedule_begin(u64 seed)
{
	rand_seed(&dice, ~seed);
	if (schedule_options.record != NULL) {
		schedule_options.record->count = 0;
		schedule_options.record->operations = sim_options.operations;
	}
	if (schedule_options.kind == SCHEDULE_RANDOM)
		chance_begin();
	else if (schedule_options.kind == SCHEDULE_PRIORITY)
		priorities_begin();
	else if (schedule_options.kind == SCHEDULE_REPLAY)
		replay_begin();
}

void schedule_phase(u32 n)
{
	last = SIM_CPUS_MAX;
	phase = n;
}

void schedule_turn(void)
{
	switch (schedule_options.kind) {
	case SCHEDULE_RANDOM:
		chance_turn();
		break;
	case SCHEDULE_PRIORITY:
		priority_turn();
		break;
	case SCHEDULE_REPLAY:
		replay_turn();
		break;
	case SCHEDULE_SEARCH:
		search_turn(phase);
	}
}

void schedule_operation(void)
{
	if (schedule_options.kind == SCHEDULE_REPLAY)
		vcpus[running].stop_at = replay_stop(running);
}

bool schedule_store(void)
{
	if (schedule_options.kind == SCHEDULE_PRIORITY &&
	    priority[sim_options.cpus + running] > priority[running])
		schedule_look();
	if (schedule_options.kind == SCHEDULE_SEARCH)
		return search_store();
	return schedule_options.kind == SCHEDULE_REPLAY && schedule_options.stores_drain_at_once;
}
