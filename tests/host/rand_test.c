/* SPDX-License-Identifier: MIT */
/* tests/host/rand_test.c - that numbers repeat from their seed, stay in range and spread. */
#include "tests/host/cmocka_host.h"
#include "lib/rand.h"

static void test_repeats(void **state)
{
	struct rand a, b;

	(void)state;
	rand_seed(&a, 42);
	rand_seed(&b, 42);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(rand_next(&a), rand_next(&b));
	rand_seed(&b, 43);
	assert_int_not_equal(rand_next(&a), rand_next(&b));
}

static void test_below(void **state)
{
	int seen[10] = { 0 };
	struct rand r;

	(void)state;
	rand_seed(&r, 0);
	for (int i = 0; i < 100000; i++)
		seen[rand_below(&r, ARRAY_SIZE(seen))]++;
	for (size_t i = 0; i < ARRAY_SIZE(seen); i++)
		assert_in_range(seen[i], 9500, 10500);
	assert_int_equal(rand_below(&r, 1), 0);
	assert_int_equal(rand_below(&r, 0), 0);
	assert_in_range(rand_below(&r, UINT64_MAX), 0, UINT64_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_repeats),
		cmocka_unit_test(test_below),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
