/* SPDX-License-Identifier: MIT */
/*
 * kernel/summary.h - all results of benchmarks at once: as a table, which fits a screen, and as a
 * QR code, which a camera takes home from a machine that has neither a serial line nor memory that
 * survives a reset.
 *
 * The code holds text; docs/real-hardware.md has its form, tools/results-from reads it.
 * One thread at a time, which is the boot's.
 */
#pragma once

#include "boot/handoff.h"
#include "lib/types.h"

/* A benchmark's result, @n samples; its name stays.  Too many, which are counted, are left out. */
void summary_add(const char *name, u32 n, u64 min, u64 median, u64 max);

/*
 * Show them, if there are any: the table on serial line and screen, then, if the run has @passed,
 * both on the whole screen, for photo= seconds at least.  @id:
 * of the run; @kept: a reset brings the results to a disk.
 */
void summary_show(const struct handoff *h, const char *id, bool passed, bool kept);
