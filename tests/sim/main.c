/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/main.c - run schedules by seed.
 *
 *	sim-percpu --seeds 1..1000 --cpus 3 --steps 40 --asids 2 --fill touch
 *	sim-percpu --seeds 17 --large yes --trace
 *
 * What is not given is taken from the seed.  A failure prints the last events and the seed.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "arch/x86_64/pti.h"
#include "mm/flush.h"
#include "mm/pgd.h"
#include "tests/sim/driver.h"
#include "tests/sim/machine.h"

/* Operations of each CPU. */
#define SHORT	      40u
#define LONG	      300u
#define LONG_ONE_IN   16u
#define STEADY_ONE_IN 8u /* schedules where a slot can lag by more than a ring of records */

#define FIVE_ONE_IN 4u /* address spaces have five levels of tables */

struct choice {
	u64 first, last; /* seeds */
	u32 seconds;	 /* stop after so many; 0: no limit */
	u32 operations;	 /* of each CPU; 0: from the seed */
	u32 asids;	 /* 0: from the seed */
	int pgd;	 /* -1: from the seed */
	int fill;	 /* -1: from the seed */
	u32 levels;	 /* of page tables; 0: from the seed */
	int large;	 /* -1: from the seed */
	int pti;	 /* -1: from the seed */
};

static NORETURN void usage(const char *name)
{
	fprintf(stderr,
		"usage: %s [--seeds A..B] [--seconds N] [--cpus 2..4] [--steps N]\n"
		"	[--asids 1..8] [--fill setup|touch] [--pgd asid|copy|space]\n"
		"	[--levels 4..5] [--large yes|no] [--pti yes|no] [--trace]\n",
		name);
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

static int pgd_of_seed(u64 seed)
{
	static const int kinds[] = { PGD_ASID, PGD_ASID, PGD_COPY, PGD_SPACE };

	return kinds[seed / 6 % ARRAY_SIZE(kinds)];
}

static u32 levels_of_seed(u64 seed)
{
	return seed / 24 % FIVE_ONE_IN == 0 ? 5 : 4;
}

static struct choice parse(int argc, char **argv)
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
		{ "trace", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	struct choice c = {
		.first = 1, .last = 1000, .pgd = -1, .fill = -1, .large = -1, .pti = -1
	};
	int o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o == 's')
			seeds(argv[0], optarg, &c);
		else if (o == 't')
			c.seconds = number(argv[0], optarg, 1, 1u << 20);
		else if (o == 'c')
			sim_options.cpus = number(argv[0], optarg, 2, SIM_CPUS_MAX);
		else if (o == 'n')
			c.operations = number(argv[0], optarg, 1, 1u << 20);
		else if (o == 'a')
			c.asids = number(argv[0], optarg, 1, 8);
		else if (o == 'p')
			c.pgd = pgd_of_word(argv[0], optarg);
		else if (o == 'f')
			c.fill = fill_of(argv[0], optarg);
		else if (o == 'l')
			c.levels = number(argv[0], optarg, 4, 5);
		else if (o == 'b')
			c.large = yes_or_no(argv[0], optarg);
		else if (o == 'i')
			c.pti = yes_or_no(argv[0], optarg);
		else if (o == 'v')
			sim_options.trace = true;
		else
			usage(argv[0]);
	}
	return c;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* asids=1..3: address spaces are more than slots. */
static void run(u64 seed, const struct choice *c)
{
	asids = c->asids != 0 ? c->asids : 1 + (u32)(seed % 3);
	fill_policy = c->fill >= 0 ? (enum fill_policy)c->fill : (enum fill_policy)(seed / 3 % 2);
	sim_options.operations = c->operations != 0	   ? c->operations
				 : seed % LONG_ONE_IN == 0 ? LONG
							   : SHORT;
	sim_options.steady = seed % STEADY_ONE_IN == STEADY_ONE_IN - 1;
	pgd_kind = c->pgd >= 0 ? (enum pgd_kind)c->pgd : (enum pgd_kind)pgd_of_seed(seed);
	pt_set_levels(c->levels != 0 ? c->levels : levels_of_seed(seed));
	sim_options.large = c->large >= 0 ? c->large != 0 : seed / 7 % 2 != 0;
	pti_on = c->pti >= 0 ? c->pti != 0 : seed / 11 % 2 != 0;
	flush_init();
	pgd_init();
	sim_machine_reset(seed);
	driver_run();
}

int main(int argc, char **argv)
{
	struct choice c = parse(argc, argv);
	double start = now(), spent;
	u64 seed, count = 0;

	sim_machine_init();
	for (seed = c.first; seed <= c.last; seed++) {
		if (c.seconds != 0 && now() - start >= c.seconds)
			break;
		run(seed, &c);
		count++;
	}
	spent = now() - start;
	printf("sim: %lu schedules, 0 failures, %.0f per second (%lu steps)\n", count,
	       (double)count / spent, sim_steps);
	return 0;
}
