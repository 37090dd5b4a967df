/* SPDX-License-Identifier: MIT */
/*
 * user/bin/check_self_test.c - SYS_SELF_TEST while self-tests run: what is wrong is told, and what
 * is right is refused.  The argument is a handle of the system with RIGHT_POWER.
 */
#include "lib/string.h"
#include "user/lib/check.h"

#define GLOBS "mm.*"

int main(void)
{
	static const u64 bad_addresses[] = BAD_ADDRESSES;
	u64 system = program_arg, less = (u64)sys_duplicate(system, RIGHT_DUPLICATE);
	u64 end = check_page_end();

	CHECK_EQ(sys_self_test(0, SELF_TEST_TESTS, GLOBS, sizeof(GLOBS)), -EBADF);
	CHECK_EQ(sys_self_test(less, SELF_TEST_TESTS, GLOBS, sizeof(GLOBS)), -EBADF);
	CHECK_EQ(sys_self_test(system, SELF_TEST_KINDS, GLOBS, sizeof(GLOBS)), -EINVAL);
	CHECK_EQ(sys_self_test(system, ~0ul, GLOBS, sizeof(GLOBS)), -EINVAL);
	CHECK_EQ(sys_self_test(system, SELF_TEST_TESTS, GLOBS, 0), -EINVAL);
	CHECK_EQ(sys_self_test(system, SELF_TEST_TESTS, GLOBS, SELF_TEST_MAX), -EINVAL);
	CHECK_EQ(sys_self_test(system, SELF_TEST_TESTS, GLOBS, ~0ul), -EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(bad_addresses); i++)
		CHECK_EQ(sys_self_test(system, SELF_TEST_TESTS,
				       (const char *)(uintptr_t)bad_addresses[i], sizeof(GLOBS)),
			 -EFAULT);
	CHECK_EQ(sys_self_test(system, SELF_TEST_TESTS, (const char *)(uintptr_t)(end - 1), 2),
		 -EFAULT);
	CHECK_EQ(sys_self_test(system, SELF_TEST_TESTS, (const char *)(uintptr_t)(end - 1), 1),
		 -EBUSY);
	CHECK_EQ(sys_self_test(system, SELF_TEST_BENCHMARKS, GLOBS, sizeof(GLOBS)), -EBUSY);
	CHECK_EQ(sys_close(less), 0);
	return check_failures;
}
