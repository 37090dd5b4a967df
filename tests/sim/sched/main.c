/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/sched/main.c - kernel/sched.c, place.c, sched_cpu.c, wait.c and thread.c on simulated
 * CPUs: threads in migrate-disabled sections, changes of affinity, CPUs that leave and return.
 *
 *	sim-sched --seeds 1..1000 [--seconds N] [--cpus 2..4] [--as-it-is]
 *
 * What is watched at each step of a thread:
 *	R7	in a section it is on the CPU where that began
 *	R8	it is not on a CPU that has been deactivated, and when that returned nobody
 *		was in a section there
 *	affinity: no CPU leaves in this schedule, the last change has returned, the thread
 *		is in no section: it runs where it may
 *	and all threads come to their ends
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "arch/x86_64/irq.h"
#include "arch/x86_64/migrate.h"
#include "arch/x86_64/time.h"
#include "kernel/hotplug.h"
#include "kernel/run_queue.h"
#include "kernel/sched.h"
#include "lib/assert.h"
#include "lib/err.h"
#include "lib/rand.h"
#include "tests/sim/sched/fake_kernel.h"
#include "tests/sim/schedule.h"
#include "tests/sim/shrink.h"
#include "tests/sim/vcpu.h"

#define WORKERS	      5u
#define STEPS	      14u /* of each */
#define HOTPLUG_STEPS 4u
#define DEPTH_MAX     3u /* nested sections */
#define NO_CPU	      ~0u

struct worker {
	struct thread *thread;
	struct rand dice;
	u32 number;
	u32 section_cpu; /* NO_CPU: in none */
	u32 sections;
	u32 changing;		 /* changes of its affinity under way */
	bool overlapped;	 /* more than one of them */
	struct cpumask affinity; /* the last that has returned; empty: which counts is not known */
	struct timer timer;
	struct completion *late; /* which the timer completes */
	bool ended;
};

static struct worker workers[WORKERS];

static bool hotplug;	    /* CPUs leave and return in this schedule */
static struct cpumask gone; /* deactivated, and not activated yet */
static u64 schedule_seed;

static u32 draw(struct worker *w, u32 n)
{
	return (u32)rand_below(&w->dice, n);
}

/* --- oracles ---------------------------------------------------------------------------------- */

static void check(const struct worker *w)
{
	u32 cpu = sim_running();

	if (w->section_cpu != NO_CPU && w->section_cpu != cpu)
		sim_fail("R7: worker %u began its section on CPU %u and runs on CPU %u", w->number,
			 w->section_cpu, cpu);
	if (cpumask_test(&gone, cpu))
		sim_fail("R8: worker %u runs on CPU %u, which is gone", w->number, cpu);
	if (!hotplug && w->changing == 0 && w->section_cpu == NO_CPU &&
	    !cpumask_empty(&w->affinity) && !cpumask_test(&w->affinity, cpu))
		sim_fail("affinity: worker %u runs on CPU %u, its mask is %lx", w->number, cpu,
			 w->affinity.bits[0]);
}

static void check_nobody_pinned(u32 cpu)
{
	const struct run_queue *q = &run_queues[cpu];

	for (u32 n = 0; n < WORKERS; n++)
		if (workers[n].section_cpu == cpu)
			sim_fail("R8: CPU %u is gone, and worker %u is in a section there", cpu, n);
	if (running_on(q) != q->idle || q->nr_ready != 0)
		sim_fail("R8: CPU %u is gone, and a thread runs or waits there", cpu);
}

/* --- what workers do -------------------------------------------------------------------------- */

/* Some steps of its own, at each of which an interrupt may come. */
static void work(struct worker *w)
{
	for (u32 n = 1 + draw(w, 4); n > 0; n--) {
		check(w);
		(void)sim_load_point(NULL);
	}
}

static void section(struct worker *w, u32 depth)
{
	migrate_disable();
	if (depth == 0)
		w->section_cpu = sim_running();
	work(w);
	if (draw(w, 3) == 0)
		yield();
	else if (draw(w, 4) == 0)
		sleep_ns((1 + draw(w, 20)) * NS_PER_MS);
	work(w);
	if (depth < DEPTH_MAX && draw(w, 3) == 0)
		section(w, depth + 1);
	check(w);
	if (depth == 0)
		w->section_cpu = NO_CPU;
	migrate_enable();
}

/* Some CPUs, at least one. */
static struct cpumask some_cpus(struct worker *w)
{
	struct cpumask mask = { { 1 + draw(w, (1u << sim_options.cpus) - 1) } };

	return mask;
}

static void change_affinity(struct worker *w)
{
	struct worker *other = &workers[draw(w, WORKERS)];
	struct cpumask mask = some_cpus(w);
	int err;

	if (other->ended)
		return;
	sim_trace("worker %lu: affinity of %lu to %lx", w->number, other->number, mask.bits[0], 0);
	other->overlapped |= other->changing++ != 0;
	err = thread_set_affinity(other->thread, &mask);
	sim_trace("worker %lu: affinity of %lu to %lx: %ld", w->number, other->number, mask.bits[0],
		  (u64)(s64)err);
	if (err == 0)
		other->affinity = other->overlapped ? (struct cpumask){ { 0 } } : mask;
	if (--other->changing == 0)
		other->overlapped = false;
	if (err != 0 && err != -ESRCH && err != -EINVAL)
		sim_fail("a change of affinity says %d", err);
}

static void complete_late(struct timer *t)
{
	complete(container_of(t, struct worker, timer)->late);
}

/* A completion is gone as soon as its waiter goes on, wherever who completed it is then. */
static void wait_for_timer(struct worker *w)
{
	w->late = malloc(sizeof(*w->late));
	completion_init(w->late);
	timer_init(&w->timer, complete_late);
	timer_start(&w->timer, time_ns() + draw(w, 20) * NS_PER_MS / 10);
	work(w);
	wait_for_completion(w->late);
	free(w->late);
	timer_cancel(&w->timer);
}

static int run_worker(void *arg)
{
	struct worker *w = arg;

	for (u32 n = 0; n < STEPS; n++) {
		check(w);
		switch (draw(w, 7)) {
		case 0:
		case 1:
			section(w, 0);
			break;
		case 2:
			change_affinity(w);
			break;
		case 3:
			sleep_ns(draw(w, 30) * NS_PER_MS);
			break;
		case 4:
			yield();
			break;
		case 5:
			wait_for_timer(w);
			break;
		default:
			work(w);
		}
	}
	w->ended = true;
	return 0;
}

/* --- CPUs that leave ---------------------------------------------------------------------------
 */

static u32 dying = NO_CPU;	    /* is to leave, as far as its idle thread goes */
static u32 is_parked[SIM_CPUS_MAX]; /* 1: the CPU died and waits until it is 0 */

bool cpu_told_to_die(void)
{
	return READ_ONCE(dying) == sim_running();
}

void cpu_die(void)
{
	sched_check_drained();
	is_parked[sim_running()] = 1;
	wait_for(&is_parked[sim_running()]);
}

static void leave_and_return(struct worker *w, u32 cpu)
{
	u64 deadline = draw(w, 3) == 0 ? time_ns() + draw(w, 40) * NS_PER_MS : 0;
	int err = sched_cpu_deactivate(cpu, deadline);

	sim_trace("CPU %lu deactivated: %ld", cpu, (u64)(s64)err, 0, 0);
	if (err != 0) {
		if (err != -EBUSY || deadline == 0)
			sim_fail("CPU %u: deactivation says %d", cpu, err);
		return;
	}
	cpumask_set(&gone, cpu);
	check_nobody_pinned(cpu);
	dying = cpu;
	kick(&run_queues[cpu]);
	for (u32 n = draw(w, 10); n > 0 || is_parked[cpu] == 0; n -= n > 0) {
		check_nobody_pinned(cpu);
		sleep_ns(NS_PER_MS);
	}
	check_nobody_pinned(cpu);
	dying = NO_CPU;
	is_parked[cpu] = 0;
	cpumask_clear(&gone, cpu);
	sched_cpu_activate(cpu);
	sim_trace("CPU %lu is back", cpu, 0, 0, 0);
}

static struct worker boss;

static int run_boss(void *arg)
{
	(void)arg;
	for (u32 n = 0; hotplug && n < HOTPLUG_STEPS; n++) {
		leave_and_return(&boss, draw(&boss, sim_options.cpus));
		sleep_ns(draw(&boss, 30) * NS_PER_MS);
	}
	for (u32 n = 0; n < WORKERS; n++)
		wait_for_completion(&workers[n].thread->dead);
	fake_all_over = true;
	return 0;
}

/* --- schedules ---------------------------------------------------------------------------------
 */

static void start(struct worker *w, u32 number, const char *name, thread_fn fn)
{
	*w = (struct worker){ .number = number, .section_cpu = NO_CPU };
	rand_seed(&w->dice, schedule_seed * 31 + number);
	w->thread = thread_create(name, fn, w);
	ASSERT(w->thread != NULL, "no memory for %s", name);
	w->thread->priority = 10 + draw(w, 3);
}

static void run_cpu_from_start(u32 cpu)
{
	*per_cpu_ptr(&kernel_stack_top, cpu) = run_queues[cpu].idle->stack_top;
	if (cpu == 0) {
		for (u32 n = 0; n < WORKERS; n++)
			start(&workers[n], n, "worker", run_worker);
		start(&boss, WORKERS, "boss", run_boss);
		for (u32 n = 0; n < WORKERS; n++)
			thread_start(workers[n].thread);
		thread_start(boss.thread);
	}
	sched_run_idle();
}

static void run(u64 seed)
{
	schedule_seed = seed;
	hotplug = seed % 2 != 0;
	sim_options.greed = GREED_NONE;
	if (schedule_options.kind != SCHEDULE_REPLAY)
		schedule_options.kind = seed / 2 % 2 != 0 ? SCHEDULE_PRIORITY : SCHEDULE_RANDOM;
	sim_machine_reset(seed);
	fake_kernel_reset();
	memset(&gone, 0, sizeof(gone));
	dying = NO_CPU;
	memset(is_parked, 0, sizeof(is_parked));
	sim_machine_run(run_cpu_from_start, 0);
}

/* What the child tells while it works. */
struct progress {
	u64 seed, count;
};

static struct progress *progress;
static u64 first = 1, last = 1000;
static time_t seconds;

static bool run_in_child(void)
{
	time_t end = time(NULL) + seconds;
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		for (u64 seed = first; seed <= last && (seconds == 0 || time(NULL) < end); seed++) {
			progress->seed = seed;
			run(seed);
			progress->count++;
		}
		_exit(0);
	}
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seeds", required_argument, NULL, 's' },
		{ "seconds", required_argument, NULL, 't' },
		{ "cpus", required_argument, NULL, 'c' },
		{ "as-it-is", no_argument, NULL, 'u' },
		{ NULL, 0, NULL, 0 },
	};
	bool as_it_is = false, good;
	int o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o == 's' && sscanf(optarg, "%lu..%lu", &first, &last) == 1)
			last = first;
		else if (o == 't')
			seconds = atol(optarg);
		else if (o == 'c')
			sim_options.cpus = (u32)atoi(optarg);
		else if (o == 'u')
			as_it_is = true;
		else if (o != 's')
			return 2;
	}
	if (sim_options.cpus < 2 || sim_options.cpus > SIM_CPUS_MAX)
		return 2;
	sim_machine_init();
	fake_kernel_init();
	progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	if (progress == MAP_FAILED)
		return 2;
	sim_options.quiet = !as_it_is;
	good = run_in_child();
	if (!good && !as_it_is)
		shrink(run, progress->seed);
	if (good)
		printf("sim-sched: %lu schedules, 0 failures\n", progress->count);
	return !good;
}
