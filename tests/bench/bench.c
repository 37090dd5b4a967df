/* SPDX-License-Identifier: MIT */
/*
 * tests/bench/bench.c - see bench.h.
 */
#include "arch/x86_64/ipi.h"
#include "arch/x86_64/pcid.h"
#include "arch/x86_64/pti.h"
#include "arch/x86_64/time.h"
#include "kernel/options.h"
#include "kernel/results.h"
#include "kernel/summary.h"
#include "kernel/upcall.h"
#include "lib/glob.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mm/kmap.h"
#include "mm/pgd.h"
#include "tests/bench/bench.h"

extern const struct bench_case *const benches_begin[], *const benches_end[];

#define PROGRESS_NS (2 * NS_PER_SEC)

const char *bench_under_way;
static u32 warm;
static u32 number, chosen; /* the benchmark that runs, of those that do */
static u64 said_at;	   /* when a line last told of progress, or the first benchmark began */

/* Between samples only, and not as an event: nothing that is measured has it in it. */
static void say_progress(const struct bench *b)
{
	u64 now = time_ns();

	if (now - said_at < PROGRESS_NS)
		return;
	said_at = now;
	printk("bench: %u of %u: %s, %u of %u samples\n", number, chosen, b->name, b->n,
	       BENCH_RUNS);
}

void bench_add(struct bench *b, u64 ticks)
{
	if (warm < BENCH_WARM) {
		warm++;
		if (warm == BENCH_WARM) {
			bench_under_way = b->name;
			all_totals(&b->before);
			real_forget();
		}
		return;
	}
	b->samples[b->n++] = ticks > b->overhead ? ticks - b->overhead : 0;
	say_progress(b);
	if (!bench_more(b))
		all_totals(&b->after);
}

bool bench_more(const struct bench *b)
{
	return b->n < BENCH_RUNS;
}

static u64 measure_overhead(void)
{
	struct bench empty = { 0 };
	u64 least = ~0ul;

	warm = 0;
	while (bench_more(&empty))
		bench_sample(&empty, barrier());
	for (u32 i = 0; i < empty.n; i++)
		least = MIN(least, empty.samples[i]);
	real_were_empty();
	return least;
}

/* Insertion sort: a hundred samples. */
static void sort(u64 *a, u32 n)
{
	for (u32 i = 1; i < n; i++)
		for (u32 k = i; k > 0 && a[k - 1] > a[k]; k--) {
			u64 t = a[k];

			a[k] = a[k - 1];
			a[k - 1] = t;
		}
}

/* What ran; ends the line. */
static void print_configuration(void)
{
	results_print(
		",\"kernel\":\"%s\",\"build\":\"%s\",\"pcid\":\"%s\",\"asids\":%u,\"fill\":\"%s\","
		"\"pgd\":\"%s\",\"pti\":\"%s\",\"kmap\":\"%s\",\"cpus\":%u}\n",
		PRAGUE_KERNEL, PRAGUE_BUILD, pcid_mode_name(), asids,
		fill_policy == FILL_SETUP ? "setup" : "touch", pgd_words[pgd_kind],
		pti_on ? "on" : "off", kmap_words[kmap_kind], cpumask_weight(&cpus_online));
}

/* What happened during the samples that were kept; of PGD pages, those that there were. */
static void report_events(struct bench *b)
{
	b->before.pgds_now = b->before.pgds_peak = 0;
	results_print("events: {\"name\":\"%s\",\"ops\":%u", b->name, b->n);
#define X(event)                                                                                   \
	if (b->after.event != b->before.event)                                                     \
		results_print(",\"" #event "\":%lu", b->after.event - b->before.event);
	TOTALS(X)
#undef X
	print_configuration();
}

static void report(struct bench *b)
{
	if (b->n == 0)
		return;
	sort(b->samples, b->n);
	results_print("bench: {\"name\":\"%s\",\"unit\":\"%s\",\"n\":%u,\"min\":%lu,\"median\":%lu,"
		      "\"max\":%lu",
		      b->name, options.icount ? "instructions" : "tsc", b->n, b->samples[0],
		      b->samples[b->n / 2], b->samples[b->n - 1]);
	print_configuration();
	summary_add(b->name, b->n, b->samples[0], b->samples[b->n / 2], b->samples[b->n - 1]);
	if (!bench_more(b))
		report_events(b);
	if (real_print(b->name))
		print_configuration();
}

static u32 count_chosen(void)
{
	u32 n = 0;

	for (const struct bench_case *const *p = benches_begin; p < benches_end; p++)
		n += glob_match_list(options.bench, (*p)->name, NULL);
	return n;
}

u32 run_benches(void)
{
	u64 overhead;
	u32 n = 0;

	said_at = time_ns();
	real_start();
	overhead = measure_overhead();
	chosen = count_chosen();
	for (const struct bench_case *const *p = benches_begin; p < benches_end; p++) {
		static struct bench b;

		if (!glob_match_list(options.bench, (*p)->name, NULL))
			continue;
		if (options.save != SAVE_OFF) /* somebody watches a screen */
			printk("# %s\n", (*p)->name);
		memset(&b, 0, sizeof(b));
		b.name = (*p)->name;
		b.overhead = overhead;
		number++;
		say_progress(&b);
		warm = 0;
		real_forget();
		(*p)->run(&b);
		bench_under_way = NULL;
		report(&b);
		n += b.n != 0;
	}
	return n;
}
