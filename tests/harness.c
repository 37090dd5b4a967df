/* SPDX-License-Identifier: MIT */
/*
 * tests/harness.c - choose, run, report.  The output is KTAP: a test per line, nested
 * below a line for its suite; lines of the kernel's log may stand in between.
 */
#include <stdarg.h>

#include "arch/x86_64/insn.h"
#include "arch/x86_64/ipi.h"
#include "arch/x86_64/time.h"
#include "kernel/options.h"
#include "kernel/task.h"
#include "kernel/timer.h"
#include "kernel/upcall.h"
#include "kernel/wait.h"
#include "kernel/watchdog.h"
#include "lib/assert.h"
#include "lib/format.h"
#include "lib/glob.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mm/totals.h"
#include "mm/trace.h"
#include "tests/harness.h"

#define NAME_MAX    96
#define TEXT_MAX    256
#define PROGRESS_NS (2 * NS_PER_SEC)
#define END_NS	    (10 * NS_PER_SEC) /* tasks that have been killed are gone after so long */

extern const struct test_case *const tests_begin[], *const tests_end[];

struct test {
	const struct test_case *c;
	u32 failures; /* atomic: any CPU may note one */
	bool skipped;
	char reason[TEXT_MAX];
};

static struct {
	u32 passed, failed, skipped, benches;
	u64 seed;
} run;

bool provoked_failure;

static void full_name(char *buf, const struct test_case *c)
{
	format(buf, NAME_MAX, "%s.%s", c->suite, c->name);
}

/* By its full name, or with all of its suite by that's. */
static bool chosen(const struct test_case *c)
{
	char name[NAME_MAX];

	full_name(name, c);
	return glob_match_list(options.test, name, c->suite);
}

void test_fail(struct test *t, const char *file, int line, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	format_v(text, sizeof(text), fmt, args);
	va_end(args);
	__atomic_fetch_add(&t->failures, 1, __ATOMIC_RELAXED);
	printk("    # %s:%d: %s\n", file, line, text);
}

void test_skip(struct test *t, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	format_v(t->reason, sizeof(t->reason), fmt, args);
	va_end(args);
	t->skipped = true;
}

void test_note(const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	format_v(text, sizeof(text), fmt, args);
	va_end(args);
	printk("    # %s\n", text);
}

bool test_failed(const struct test *t)
{
	return t->failures != 0;
}

struct rand test_rand(const struct test *t)
{
	struct rand r;
	u64 seed = run.seed;

	for (const char *p = t->c->name; *p != '\0'; p++)
		seed = seed * 31 + (u8)*p;
	rand_seed(&r, seed);
	return r;
}

static struct timer progress;
static const char *running; /* the test */
static u64 began;

/* A line every two seconds of a test that takes longer: somebody may watch. */
static void say_progress(struct timer *t)
{
	u64 now = time_ns();

	printk("    # %s has run for %lu s\n", running, (now - began) / NS_PER_SEC);
	timer_start(t, now + PROGRESS_NS);
}

/* A task that is left would have its turns, or keep others from theirs, in the tests after @t. */
static void expect_tasks(struct test *t, u64 before)
{
	u64 deadline = time_ns() + END_NS;

	while (task_count() > before && time_ns() < deadline)
		sleep_ns(A_MOMENT);
	if (task_count() > before)
		test_fail(t, __FILE__, __LINE__, "%lu tasks are left", task_count() - before);
}

/* Run the test called @name, which has at most @limit ms. */
static void run_watched(struct test *t, const char *name, u32 limit)
{
	u64 tasks = task_count();

	watchdog_start(name, (limit + options.stress * 1000ul) * NS_PER_MS);
	running = name;
	began = time_ns();
	timer_init(&progress, say_progress);
	timer_start(&progress, began + PROGRESS_NS);
	t->c->run(t);
	expect_tasks(t, tasks);
	timer_cancel(&progress);
	watchdog_stop();
}

static void run_one(const struct test_case *c, u32 number)
{
	struct test t = { .c = c };
	char name[NAME_MAX];
	u32 limit = c->limit_ms != 0 ? c->limit_ms : TEST_LIMIT_MS;

	full_name(name, c);
	if (cpumask_weight(&cpus_online) < c->cpus) {
		test_skip(&t, "needs %u CPUs", c->cpus);
	} else {
		run_watched(&t, name, limit);
		if (provoked_failure)
			test_fail(&t, __FILE__, __LINE__, "provoked on purpose");
		provoked_failure = false;
	}
	if (t.failures != 0) {
		run.failed++;
		printk("    not ok %u %s\n", number, c->name);
	} else if (t.skipped) {
		run.skipped++;
		printk("    ok %u %s # SKIP %s\n", number, c->name, t.reason);
	} else {
		run.passed++;
		printk("    ok %u %s\n", number, c->name);
	}
}

/* Call @fn for each chosen test of @suite, numbered from 1; how many there were. */
static u32 for_suite(const char *suite, void (*fn)(const struct test_case *c, u32 number))
{
	u32 n = 0;

	for (const struct test_case *const *p = tests_begin; p < tests_end; p++)
		if (strcmp((*p)->suite, suite) == 0 && chosen(*p)) {
			n++;
			if (fn != NULL)
				fn(*p, n);
		}
	return n;
}

/* Is *@p the first chosen test of its suite? */
static bool begins_suite(const struct test_case *const *p)
{
	if (!chosen(*p))
		return false;
	for (const struct test_case *const *q = tests_begin; q < p; q++)
		if (strcmp((*q)->suite, (*p)->suite) == 0 && chosen(*q))
			return false;
	return true;
}

static void run_suite(const char *suite, u32 number)
{
	u32 failed_before = run.failed;

	printk("    KTAP version 1\n    # Subtest: %s\n    1..%u\n", suite, for_suite(suite, NULL));
	for_suite(suite, run_one);
	printk("%sok %u %s\n", run.failed == failed_before ? "" : "not ", number, suite);
}

static bool all_passed(void)
{
	return run.failed == 0 && run.passed + run.benches > 0;
}

void say_verdict(void)
{
	if (all_passed())
		printk("prague: result: pass\n");
	else if (run.failed != 0)
		printk("prague: result: fail (%u tests failed)\n", run.failed);
	else
		printk("prague: result: fail (no test ran: test=%s chose none that can run here)\n",
		       options.test);
}

/* Tests take the machine to be theirs. */
static void expect_no_task(void)
{
	u64 tasks = task_count();

	if (tasks == 0)
		return;
	run.failed++;
	printk("# %lu tasks are there before the first test\n", tasks);
}

bool run_tests(void)
{
	u32 suites = 0, number = 0;

	run.passed = run.failed = run.skipped = 0;
	expect_no_task();
	run.benches = options.bench[0] != '\0' ? run_benches() : 0;
	run.seed = options.seed != 0 ? options.seed : rdtsc() % 1000000 + 1;
	for (const struct test_case *const *p = tests_begin; p < tests_end; p++)
		suites += begins_suite(p);
	printk("KTAP version 1\n1..%u\n", suites);
	for (const struct test_case *const *p = tests_begin; p < tests_end; p++)
		if (begins_suite(p))
			run_suite((*p)->suite, ++number);
	if (options.counters)
		totals_print();
	trace_print();
	printk("# seed %lu, %lu ms\n", run.seed, time_ns() / NS_PER_MS);
	printk("prague: %u passed, %u failed, %u skipped\n", run.passed, run.failed, run.skipped);
	return all_passed();
}
