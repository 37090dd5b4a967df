/* SPDX-License-Identifier: MIT */
/* tests/host/err_test.c - the names of errors. */
#include "tests/host/cmocka_host.h"
#include "lib/err.h"

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(err_name(-ENOMEM), "ENOMEM");
	assert_string_equal(err_name(ENOMEM), "ENOMEM");
	assert_string_equal(err_name(-ETIMEDOUT), "ETIMEDOUT");
	assert_string_equal(err_name(0), "OK");
	assert_string_equal(err_name(-1000), "E?");
	assert_string_equal(err_name(INT32_MIN), "E?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
