/* SPDX-License-Identifier: MIT */
/* user/lib/start.c - main() and what comes after it; called by start.asm. */
#include "user/lib/program.h"
#include "user/lib/syscall.h"

u64 program_arg;

NORETURN void program_run(u64 arg);

void program_run(u64 arg)
{
	program_arg = arg;
	sys_exit(main());
}
