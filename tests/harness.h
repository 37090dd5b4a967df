/* SPDX-License-Identifier: MIT */
/*
 * tests/harness.h - self-tests: they register themselves, print KTAP, and end the run
 * with a verdict.
 *
 *	TEST("mm.slab", reuses_freed_objects, .limit_ms = 500)
 *	{
 *		EXPECT_EQ(t, kmem_cache_alloc(&c), first);
 *	}
 *
 * A suite is named after the concept it tests; its tests stand in tests/, in the file
 * of that concept.  EXPECT_* notes a failure and goes on; a test that cannot go on
 * returns.  A test runs on the boot CPU, interrupts on, no lock held.
 */
#pragma once

#include "lib/rand.h"
#include "lib/types.h"

struct test;

struct test_case {
	const char *suite, *name;
	void (*run)(struct test *t);
	u32 cpus;     /* skipped with fewer online; 0: 1 */
	u32 limit_ms; /* the run panics when it takes longer; 0: TEST_LIMIT_MS */
};

/*
 * For a thread that waits for another and looks again now and then, in ns: long enough for
 * others of a lower priority to come by in between on the slowest emulator.
 */
#define A_MOMENT 1000000ul

#define TEST_LIMIT_MS 60000 /* a hang detector: a busy host makes an emulator slow */

/* The section holds pointers: a compiler may pad structs, and then it is no array. */
#define TEST(test_suite, test_name, ...)                                                           \
	static void test_name(struct test *t);                                                     \
	static const struct test_case test_name##_case = {                                         \
		.suite = test_suite, .name = #test_name, .run = test_name, __VA_ARGS__             \
	};                                                                                         \
	USED SECTION(".tests") static const struct test_case *const test_name##_entry =            \
		&test_name##_case;                                                                 \
	static void test_name(__attribute__((unused)) struct test *t)

/* Note a failure; the rest of the test still runs.  From any CPU. */
void test_fail(struct test *t, const char *file, int line, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Say why this test means nothing here; return after it. */
void test_skip(struct test *t, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* A diagnostic line. */
void test_note(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* provoke=test_failure: one test is to fail, to see that the run then does. */
extern bool provoked_failure;

/* Has an EXPECT_* failed in this test? */
bool test_failed(const struct test *t);

/* A generator for this test: from the run's seed, which the summary prints, and the name. */
struct rand test_rand(const struct test *t);

#define EXPECT(t, cond, ...)                                                                       \
	do {                                                                                       \
		if (!(cond))                                                                       \
			test_fail(t, __FILE__, __LINE__, #cond ": " __VA_ARGS__);                  \
	} while (0)

#define EXPECT_EQ(t, got, want)                                                                    \
	do {                                                                                       \
		u64 got_ = (u64)(got), want_ = (u64)(want);                                        \
		if (got_ != want_)                                                                 \
			test_fail(t, __FILE__, __LINE__, "%s is %#lx, expected %s = %#lx", #got,   \
				  got_, #want, want_);                                             \
	} while (0)
