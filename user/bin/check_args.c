/* SPDX-License-Identifier: MIT */
/*
 * user/bin/check_args.c - looks at its arguments: number i is to be i letters of the alphabet's
 * i-th, the first's is none.  Its status is how many there are, or negative: so many are wrong.
 */
#include "lib/string.h"
#include "user/lib/check.h"

#define LETTERS	    26
#define STACK_ALIGN 16u

static void check_one(const char *arg, u64 i)
{
	CHECK_EQ(strlen(arg), i);
	for (; *arg != '\0'; arg++)
		CHECK_EQ(*arg, 'a' + i % LETTERS);
}

int main(void)
{
	const char *behind = (const char *)&program_argv[program_argc + 1];

	CHECK_EQ((uintptr_t)(program_argv - 1) % STACK_ALIGN, 0);
	CHECK_EQ((uintptr_t)program_argv[program_argc], 0);
	for (u64 i = 0; i < program_argc; i++) {
		CHECK(program_argv[i] >= behind);
		check_one(program_argv[i], i);
		behind = program_argv[i] + strlen(program_argv[i]) + 1;
	}
	return check_failures != 0 ? -check_failures : (int)program_argc;
}
