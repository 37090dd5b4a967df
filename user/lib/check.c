/* SPDX-License-Identifier: MIT */
/* user/lib/check.c - see check.h. */
#include "user/lib/check.h"

#define STACK_BYTES 0x4000ul
#define CALL_ALIGN  8u /* where a function begins, RSP is 8 off a multiple of 16 */

int check_failures;

void check_failed(const char *file, int line, const char *what, s64 got, s64 want)
{
	check_failures++;
	print("%s:%d: %s is %ld, expected %ld\n", file, line, what, got, want);
}

u64 check_page_end(void)
{
	s64 at = sys_map(0, 0, 0, 0, 2 * PAGE_SIZE, MAP_READ | MAP_WRITE);

	if (at < 0 || sys_unmap(0, (u64)at + PAGE_SIZE, PAGE_SIZE) != 0)
		return 0;
	return (u64)at + PAGE_SIZE;
}

void check_thread(void (*run)(u64 arg), u64 arg)
{
	s64 stack = sys_map(0, 0, 0, 0, STACK_BYTES, MAP_READ | MAP_WRITE);

	CHECK(stack > 0);
	if (stack < 0 || sys_thread(0, (uintptr_t)run, (u64)stack + STACK_BYTES - CALL_ALIGN, arg,
				    0, ANY_CPU) != 0)
		sys_exit(-ENOMEM);
}

void check_await(const volatile u64 *flag, u64 value)
{
	while (*flag != value)
		sys_yield();
}

s64 check_wait(u64 task)
{
	s64 status = 0;

	CHECK_EQ(sys_task_wait(task, WAIT_FOR_EVER, &status), 0);
	CHECK_EQ(sys_close(task), 0);
	return status;
}
