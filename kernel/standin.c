/* SPDX-License-Identifier: MIT */
/*
 * kernel/standin.c - see standin.h: threads and timers stay where they are, and go on when
 * their CPU comes back.
 */
#include "kernel/standin.h"

int sched_cpu_deactivate(u32 cpu, u64 deadline)
{
	(void)cpu;
	(void)deadline;
	return 0;
}

void sched_cpu_activate(u32 cpu)
{
	(void)cpu;
}

void timers_move(u32 to)
{
	(void)to;
}
