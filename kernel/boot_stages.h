/* SPDX-License-Identifier: MIT */
/*
 * kernel/boot_stages.h - when each stage of the boot began, in ticks of the TSC: what a benchmark
 * says of it (tests/bench/stages_bench.c), which runs when all are over.
 *
 * The boot CPU alone writes it, before there is another thread.
 */
#pragma once

#include "lib/types.h"

/* In their order.  The first begins with the kernel's first instruction. */
#define BOOT_STAGES(X)                                                                             \
	X(console)                                                                                 \
	X(tables)                                                                                  \
	X(pages)                                                                                   \
	X(acpi)                                                                                    \
	X(clock)                                                                                   \
	X(threads)                                                                                 \
	X(cpus)                                                                                    \
	X(rest)

enum boot_stage {
#define X(name) BOOT_##name,
	BOOT_STAGES(X)
#undef X
		BOOT_OVER,
};

extern u64 boot_stage_began[BOOT_OVER + 1];
