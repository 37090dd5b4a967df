/* SPDX-License-Identifier: MIT */
/* tests/host/ksyms_test.c - addresses looked up in the tables that tools/ksyms makes of
 * ksyms_test.nm. */
#include "tests/host/cmocka_host.h"
#include "lib/ksyms.h"

static void assert_symbol(u64 address, const char *name, u64 offset)
{
	const char *found;
	u64 in = 0;

	found = ksym_find(address, &in);
	assert_non_null(found);
	assert_string_equal(found, name);
	assert_int_equal(in, offset);
}

static void assert_no_symbol(u64 address)
{
	u64 in = 1;

	assert_null(ksym_find(address, &in));
	assert_int_equal(in, 0);
}

static void test_found(void **state)
{
	(void)state;
	assert_symbol(0xffffffff80001000, "kernel_entry", 0);
	assert_symbol(0xffffffff8000103f, "kernel_entry", 0x3f);
	assert_symbol(0xffffffff80001040, "helper", 0);
	assert_symbol(0xffffffff80001104, "weak_one", 4);
	assert_symbol(0xffffffff80001181, "helper", 1);
	assert_symbol(0xffffffff800023ff, "last_function", 0x3ff);
}

static void test_not_found(void **state)
{
	(void)state;
	assert_no_symbol(0);
	assert_no_symbol(0x8000);
	assert_no_symbol(0xffffffff7fffffff);
	assert_no_symbol(0xffffffff80000fff);
	assert_no_symbol(0xffffffff80002400);
	assert_no_symbol(0xffffffffc0000000);
	assert_no_symbol(UINT64_MAX);
}

static void test_equal_names_are_stored_once(void **state)
{
	(void)state;
	assert_int_equal(ksyms_count, 5);
	assert_int_equal(ksyms_table[1].name, ksyms_table[3].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_not_found),
		cmocka_unit_test(test_equal_names_are_stored_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
