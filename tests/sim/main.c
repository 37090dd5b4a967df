/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/main.c - run schedules by seed.
 *
 *	sim-percpu --seeds 1..1000 --cpus 3 --steps 40 --asids 2 --fill touch
 *	sim-percpu --seeds 17 --large yes --trace
 *	sim-percpu --search quick
 *
 * What is not given is taken from the seed.  Schedules run in a child.  When one fails, it is
 * run again with ever less of it, and the trace of what is left is printed.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "arch/x86_64/pti.h"
#include "mm/flush.h"
#include "mm/pgd.h"
#include "tests/sim/driver.h"
#include "tests/sim/machine.h"
#include "tests/sim/scenarios.h"
#include "tests/sim/schedule.h"
#include "tests/sim/shrink.h"

/* Operations of each CPU. */
#define SHORT	      40u
#define LONG	      300u
#define LONG_ONE_IN   16u
#define STEADY_ONE_IN 8u /* schedules where a slot can lag by more than a ring of records */

#define FIVE_ONE_IN 4u /* address spaces have five levels of tables */

struct choice {
	u64 first, last;    /* seeds */
	u32 seconds;	    /* stop after so many; 0: no limit */
	u32 operations;	    /* of each CPU; 0: from the seed */
	u32 asids;	    /* 0: from the seed */
	int pgd;	    /* -1: from the seed */
	int fill;	    /* -1: from the seed */
	u32 levels;	    /* of page tables; 0: from the seed */
	int large;	    /* -1: from the seed */
	int pti;	    /* -1: from the seed */
	int kind;	    /* of schedules; -1: from the seed */
	bool as_it_is;	    /* a failure is not shortened */
	const char *search; /* all schedules of scenarios, instead */
};

static struct choice choice = {
	.first = 1, .last = 1000, .pgd = -1, .fill = -1, .large = -1, .pti = -1, .kind = -1
};

static NORETURN void usage(const char *name)
{
	fprintf(stderr,
		"usage: %s [--seeds A..B] [--seconds N] [--cpus 2..4] [--steps N]\n"
		"	[--asids 1..8] [--fill setup|touch] [--pgd asid|copy|space]\n"
		"	[--levels 4..5] [--large yes|no] [--pti yes|no]\n"
		"	[--schedule chance|priority] [--depth N] [--trace] [--as-it-is]\n"
		"       %s --search all|quick|SCENARIO\n",
		name, name);
	exit(2);
}

static u32 number(const char *name, const char *text, u32 lo, u32 hi)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text == '\0' || *end != '\0' || n < lo || n > hi)
		usage(name);
	return (u32)n;
}

static void seeds(const char *name, const char *text, struct choice *c)
{
	int used = 0;

	if (sscanf(text, "%lu..%lu%n", &c->first, &c->last, &used) == 2 && text[used] == '\0')
		return;
	if (sscanf(text, "%lu%n", &c->first, &used) != 1 || text[used] != '\0')
		usage(name);
	c->last = c->first;
}

static int fill_of(const char *name, const char *text)
{
	if (strcmp(text, "setup") == 0)
		return FILL_SETUP;
	if (strcmp(text, "touch") == 0)
		return FILL_TOUCH;
	usage(name);
}

static int pgd_of_word(const char *name, const char *text)
{
	for (int kind = 0; pgd_words[kind] != NULL; kind++)
		if (strcmp(text, pgd_words[kind]) == 0)
			return kind;
	usage(name);
}

static int yes_or_no(const char *name, const char *text)
{
	if (strcmp(text, "yes") == 0)
		return 1;
	if (strcmp(text, "no") == 0)
		return 0;
	usage(name);
}

static int kind_of(const char *name, const char *text)
{
	if (strcmp(text, "chance") == 0)
		return SCHEDULE_RANDOM;
	if (strcmp(text, "priority") == 0)
		return SCHEDULE_PRIORITY;
	usage(name);
}

static int pgd_of_seed(u64 seed)
{
	static const int kinds[] = { PGD_ASID, PGD_ASID, PGD_COPY, PGD_SPACE };

	return kinds[seed / 6 % ARRAY_SIZE(kinds)];
}

static u32 levels_of_seed(u64 seed)
{
	return seed / 24 % FIVE_ONE_IN == 0 ? 5 : 4;
}

static void parse_one(const char *name, int o, struct choice *c)
{
	switch (o) {
	case 's':
		seeds(name, optarg, c);
		break;
	case 't':
		c->seconds = number(name, optarg, 1, 1u << 20);
		break;
	case 'c':
		sim_options.cpus = number(name, optarg, 2, SIM_CPUS_MAX);
		break;
	case 'n':
		c->operations = number(name, optarg, 1, SIM_OPS_MAX - 3);
		break;
	case 'a':
		c->asids = number(name, optarg, 1, 8);
		break;
	case 'p':
		c->pgd = pgd_of_word(name, optarg);
		break;
	case 'f':
		c->fill = fill_of(name, optarg);
		break;
	case 'l':
		c->levels = number(name, optarg, 4, 5);
		break;
	case 'b':
		c->large = yes_or_no(name, optarg);
		break;
	case 'i':
		c->pti = yes_or_no(name, optarg);
		break;
	case 'k':
		c->kind = kind_of(name, optarg);
		break;
	case 'd':
		schedule_options.depth = number(name, optarg, 1, 100);
		break;
	case 'v':
		sim_options.trace = true;
		break;
	case 'u':
		c->as_it_is = true;
		break;
	case 'e':
		c->search = optarg;
		break;
	default:
		usage(name);
	}
}

static void parse(int argc, char **argv, struct choice *c)
{
	static const struct option options[] = {
		{ "seeds", required_argument, NULL, 's' },
		{ "seconds", required_argument, NULL, 't' },
		{ "cpus", required_argument, NULL, 'c' },
		{ "steps", required_argument, NULL, 'n' },
		{ "asids", required_argument, NULL, 'a' },
		{ "pgd", required_argument, NULL, 'p' },
		{ "fill", required_argument, NULL, 'f' },
		{ "levels", required_argument, NULL, 'l' },
		{ "large", required_argument, NULL, 'b' },
		{ "pti", required_argument, NULL, 'i' },
		{ "schedule", required_argument, NULL, 'k' },
		{ "depth", required_argument, NULL, 'd' },
		{ "trace", no_argument, NULL, 'v' },
		{ "as-it-is", no_argument, NULL, 'u' },
		{ "search", required_argument, NULL, 'e' },
		{ NULL, 0, NULL, 0 },
	};
	int o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1)
		parse_one(argv[0], o, c);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* asids=1..3: address spaces are more than slots. */
static void run(u64 seed)
{
	const struct choice *c = &choice;

	asids = c->asids != 0 ? c->asids : 1 + (u32)(seed % 3);
	fill_policy = c->fill >= 0 ? (enum fill_policy)c->fill : (enum fill_policy)(seed / 3 % 2);
	sim_options.operations = c->operations != 0	   ? c->operations
				 : seed % LONG_ONE_IN == 0 ? LONG
							   : SHORT;
	sim_options.steady = seed % STEADY_ONE_IN == STEADY_ONE_IN - 1;
	sim_options.greed = seed / 5 % 2 == 0 ? GREED_LAST : GREED_NONE;
	sim_options.late = seed / 10 % 4 == 0;
	pgd_kind = c->pgd >= 0 ? (enum pgd_kind)c->pgd : (enum pgd_kind)pgd_of_seed(seed);
	pt_set_levels(c->levels != 0 ? c->levels : levels_of_seed(seed));
	sim_options.large = c->large >= 0 ? c->large != 0 : seed / 7 % 2 != 0;
	pti_on = c->pti >= 0 ? c->pti != 0 : seed / 11 % 2 != 0;
	if (schedule_options.kind != SCHEDULE_REPLAY)
		schedule_options.kind = c->kind >= 0	     ? (enum schedule_kind)c->kind
					: seed / 13 % 2 != 0 ? SCHEDULE_PRIORITY
							     : SCHEDULE_RANDOM;
	flush_init();
	pgd_init();
	sim_machine_reset(seed);
	driver_run();
}

/* What a child tells while it works. */
struct progress {
	u64 seed; /* under way */
	u64 count, steps;
};

static struct progress *progress;

static void run_all(void)
{
	double start = now();

	for (u64 seed = choice.first; seed <= choice.last; seed++) {
		if (choice.seconds != 0 && now() - start >= choice.seconds)
			break;
		progress->seed = seed;
		run(seed);
		progress->count++;
		progress->steps = sim_steps;
	}
}

/* In a child, so that a crash is a failure like another.  Did all go well? */
static bool run_in_child(void)
{
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		run_all();
		_exit(0);
	}
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static double cpu_seconds(void)
{
	struct rusage r;

	getrusage(RUSAGE_CHILDREN, &r);
	return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
	       (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static void make_progress(void)
{
	void *p = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);

	if (p == MAP_FAILED)
		exit(2);
	progress = p;
}

int main(int argc, char **argv)
{
	bool good;

	parse(argc, argv, &choice);
	if (choice.search != NULL)
		sim_options.cpus = 2;
	sim_machine_init();
	if (choice.search != NULL) {
		scenarios_search(choice.search);
		return 0;
	}
	if (sim_options.trace) {
		run(choice.first);
		return 0;
	}
	make_progress();
	sim_options.quiet = !choice.as_it_is;
	good = run_in_child();
	if (!good && !choice.as_it_is)
		shrink(run, progress->seed);
	if (!good)
		return 1;
	printf("sim: %lu schedules, 0 failures, %.0f per second of CPU time (%lu steps)\n",
	       progress->count, (double)progress->count / cpu_seconds(), progress->steps);
	return 0;
}
