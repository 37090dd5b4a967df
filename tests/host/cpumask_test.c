/* SPDX-License-Identifier: MIT */
/* tests/host/cpumask_test.c - each operation against an array of bool. */
#include "tests/host/cmocka_host.h"
#include "lib/cpumask.h"
#include "lib/rand.h"

static struct rand rng;

static void random_mask(struct cpumask *mask, bool *model)
{
	u64 density = 1 + rand_below(&rng, 40);

	cpumask_clear_all(mask);
	for (unsigned int cpu = 0; cpu < CPUMASK_BITS; cpu++) {
		model[cpu] = rand_below(&rng, density) == 0;
		if (model[cpu])
			cpumask_set(mask, cpu);
	}
}

static void check(const struct cpumask *mask, const bool *model)
{
	unsigned int n = 0, cpu = 0, seen;

	for (unsigned int i = 0; i < CPUMASK_BITS; i++) {
		assert_int_equal(cpumask_test(mask, i), model[i]);
		n += model[i];
	}
	assert_int_equal(cpumask_weight(mask), n);
	assert_int_equal(cpumask_empty(mask), n == 0);
	for_each_cpu (seen, mask) {
		while (!model[cpu])
			cpu++;
		assert_int_equal(seen, cpu++);
		n--;
	}
	assert_int_equal(n, 0);
}

static void test_members(void **state)
{
	bool model[CPUMASK_BITS];
	struct cpumask mask;

	(void)state;
	for (int round = 0; round < 500; round++) {
		unsigned int cpu = (unsigned int)rand_below(&rng, CPUMASK_BITS);

		random_mask(&mask, model);
		check(&mask, model);
		assert_int_equal(cpumask_set_atomic(&mask, cpu), model[cpu]);
		model[cpu] = true;
		check(&mask, model);
		assert_true(cpumask_clear_atomic(&mask, cpu));
		assert_false(cpumask_clear_atomic(&mask, cpu));
		model[cpu] = false;
		check(&mask, model);
		cpumask_set(&mask, cpu);
		cpumask_clear(&mask, cpu);
		check(&mask, model);
	}
}

static void test_edges(void **state)
{
	struct cpumask mask = { { 0 } };

	(void)state;
	assert_int_equal(cpumask_first(&mask), CPUMASK_BITS);
	assert_int_equal(cpumask_next(&mask, CPUMASK_BITS - 1), CPUMASK_BITS);
	cpumask_set(&mask, CPUMASK_BITS - 1);
	assert_int_equal(cpumask_first(&mask), CPUMASK_BITS - 1);
	assert_int_equal(cpumask_next(&mask, CPUMASK_BITS - 1), CPUMASK_BITS);
	cpumask_set(&mask, 63);
	cpumask_set(&mask, 64);
	assert_int_equal(cpumask_first(&mask), 63);
	assert_int_equal(cpumask_next(&mask, 63), 64);
}

static void test_two_masks(void **state)
{
	bool a_model[CPUMASK_BITS], b_model[CPUMASK_BITS], model[CPUMASK_BITS];
	struct cpumask a, b, to;

	(void)state;
	for (int round = 0; round < 200; round++) {
		random_mask(&a, a_model);
		random_mask(&b, b_model);
		cpumask_and(&to, &a, &b);
		for (int i = 0; i < CPUMASK_BITS; i++)
			model[i] = a_model[i] && b_model[i];
		check(&to, model);
		cpumask_or(&to, &a, &b);
		for (int i = 0; i < CPUMASK_BITS; i++)
			model[i] = a_model[i] || b_model[i];
		check(&to, model);
		cpumask_andnot(&to, &a, &b);
		for (int i = 0; i < CPUMASK_BITS; i++)
			model[i] = a_model[i] && !b_model[i];
		check(&to, model);
		assert_int_equal(cpumask_equal(&to, &a),
				 memcmp(model, a_model, sizeof(model)) == 0);
		cpumask_copy(&to, &b);
		assert_true(cpumask_equal(&to, &b));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_two_masks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
