/* SPDX-License-Identifier: MIT */
/*
 * tests/bench/stages_bench.c - what the boot took, from the kernel's first instruction to its
 * first test or program, and each of its stages.
 *
 * A boot is one sample.  Nothing is taken off it, and it has no events.
 */
#include "kernel/boot_stages.h"
#include "tests/bench/bench.h"

static void report(struct bench *b, enum boot_stage from, enum boot_stage to)
{
	b->samples[b->n++] = boot_stage_began[to] - boot_stage_began[from];
}

BENCH(boot)
{
	report(b, BOOT_console, BOOT_OVER);
}

#define X(name)                                                                                    \
	BENCH(boot_##name)                                                                         \
	{                                                                                          \
		report(b, BOOT_##name, BOOT_##name + 1);                                           \
	}
BOOT_STAGES(X)
#undef X
