/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/shrink.c - see shrink.h.  Delta debugging (Zeller, Hildebrandt, 2002): leave out
 * halves, quarters, ... of the operations, then of the decisions, and keep it left out if the
 * schedule still fails by the same rule.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/sim/schedule.h"
#include "tests/sim/shrink.h"
#include "tests/sim/vcpu.h"

#define SECONDS_MAX 60
#define RULE_CHARS  3u /* "R3:": what the same failure begins with */

/* What parent and children share. */
struct shared {
	struct recording recording;
	bool dropped[SIM_CPUS_MAX * SIM_OPS_MAX];
	char failure[FAILURE_TEXT];
};

static struct shared *shared;
static char wanted[FAILURE_TEXT]; /* the failure to keep; empty: a crash */
static void (*run)(u64 seed);
static u64 seed;
static time_t deadline;
static u32 tries;

static void silence(void)
{
	int null = open("/dev/null", O_WRONLY);

	dup2(null, STDERR_FILENO);
	close(null);
}

/* Run it in a child.  Did it fail or crash? */
static bool fails(bool print)
{
	int status = 0;
	pid_t child;

	fflush(stdout);
	shared->failure[0] = '\0';
	child = fork();
	if (child == 0) {
		sim_options.quiet = !print;
		sim_options.trace = print;
		if (!print)
			silence();
		run(seed);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		exit(2);
	return status != 0;
}

static bool fails_the_same(void)
{
	tries++;
	return fails(false) && strncmp(shared->failure, wanted, RULE_CHARS) == 0;
}

/* Which of @n items can be left out?  Those that cannot come first afterwards; how many. */
static u32 leave_out(bool **items, u32 n)
{
	for (u32 size = MAX(n / 2, 1u);; size /= 2) {
		for (u32 at = 0; at < n && time(NULL) < deadline;) {
			u32 end = MIN(at + size, n);

			for (u32 i = at; i < end; i++)
				*items[i] = true;
			if (fails_the_same()) {
				memmove(&items[at], &items[end], (n - end) * sizeof(items[0]));
				n -= end - at;
				continue;
			}
			for (u32 i = at; i < end; i++)
				*items[i] = false;
			at = end;
		}
		if (size <= 1)
			return n;
	}
}

static u32 leave_out_operations(void)
{
	static bool *items[SIM_CPUS_MAX * SIM_OPS_MAX];
	u32 n = 0;

	/* Those of one CPU lie side by side. */
	for (u32 cpu = 0; cpu < sim_options.cpus; cpu++)
		for (u32 op = 1; op <= shared->recording.operations; op++)
			if (!shared->dropped[cpu * SIM_OPS_MAX + op])
				items[n++] = &shared->dropped[cpu * SIM_OPS_MAX + op];
	return leave_out(items, n);
}

static u32 leave_out_decisions(void)
{
	static bool *items[DECISIONS_MAX];
	struct recording *r = &shared->recording;
	u32 n = 0;

	for (u32 i = 0; i < r->count; i++)
		if (!r->decisions[i].dropped)
			items[n++] = &r->decisions[i].dropped;
	return leave_out(items, n);
}

/* What concerns operations that are left out never happens: one try for all of it. */
static void leave_out_unreached(void)
{
	struct recording *r = &shared->recording;

	for (u32 i = 0; i < r->count; i++) {
		struct decision *d = &r->decisions[i];

		if (d->after < SIM_CPUS_MAX && shared->dropped[d->after * SIM_OPS_MAX + d->op])
			d->dropped = true;
	}
}

static void shorten(void)
{
	u32 all = shared->recording.count, operations, decisions, before;

	schedule_options.stores_drain_at_once = true;
	if (!fails_the_same())
		schedule_options.stores_drain_at_once = false;
	decisions = all;
	do {
		before = decisions;
		operations = leave_out_operations();
		leave_out_unreached();
		decisions = leave_out_decisions();
	} while (decisions < before && time(NULL) < deadline);
	printf("sim: shortened by %u runs to %u of %u operations and %u of %u decisions%s\n", tries,
	       operations, shared->recording.operations * sim_options.cpus, decisions, all,
	       schedule_options.stores_drain_at_once ? "; stores drain at once" : "");
}

static bool record(void)
{
	struct recording *r = &shared->recording;

	schedule_options.record = r;
	if (!fails(false))
		return false;
	memcpy(wanted, shared->failure, FAILURE_TEXT);
	schedule_options.record = NULL;
	schedule_options.replay = r;
	schedule_options.kind = SCHEDULE_REPLAY;
	sim_options.dropped = shared->dropped;
	return r->count <= DECISIONS_MAX && fails_the_same();
}

void shrink(void (*fn)(u64 seed), u64 failed)
{
	run = fn;
	seed = failed;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		exit(2);
	sim_failure = &shared->failure;
	deadline = time(NULL) + SECONDS_MAX;
	printf("sim: seed %lu fails\n", seed);
	if (record()) {
		shorten();
	} else {
		printf("sim: it cannot be replayed from its decisions; as it is\n");
		schedule_options.kind = SCHEDULE_RANDOM;
	}
	if (!fails(true))
		printf("sim: FAILED seed %lu: but not when it is run alone\n", seed);
}
