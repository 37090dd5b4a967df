/* SPDX-License-Identifier: MIT */
/* user/lib/start.c - main() and what comes after it; called by start.asm. */
#include "user/lib/program.h"
#include "user/lib/syscall.h"

NORETURN void program_run(void);

void program_run(void)
{
	sys_exit(main());
}
