/* SPDX-License-Identifier: MIT */
/* tests/host/ksyms_empty_test.c - the tables of the first link pass, which hold nothing. */
#include "tests/host/cmocka_host.h"
#include "lib/ksyms.h"

static void test_nothing_is_found(void **state)
{
	u64 in;

	(void)state;
	assert_int_equal(ksyms_count, 0);
	assert_null(ksym_find(0, &in));
	assert_null(ksym_find(KSYMS_BASE, &in));
	assert_null(ksym_find(UINT64_MAX, &in));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
