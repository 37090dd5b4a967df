/* SPDX-License-Identifier: MIT */
/* user/lib/start.c - main() and what comes after it; called by start.asm. */
#include "user/lib/program.h"
#include "user/lib/syscall.h"

u64 program_arg;
u64 program_argc;
char **program_argv;

NORETURN void program_run(u64 arg, u64 *stack);

void program_run(u64 arg, u64 *stack)
{
	program_arg = arg;
	program_argc = stack[0];
	program_argv = (char **)&stack[1];
	sys_exit(main());
}
