/* SPDX-License-Identifier: MIT */
/*
 * kernel/results.h - what a run found out, as lines of a kind and a JSON object: "bench: {...}".
 *
 * They are shown like all text.  With save=on or reboot, where the loader has reserved memory, they
 * are kept there too (lib/kept.h), each as {"bench":{...}}, for the loader to write to its disk
 * after a reset. One thread at a time, which is the boot's: it runs the benchmarks.
 */
#pragma once

#include "boot/handoff.h"
#include "lib/kept.h"
#include "lib/types.h"

/* Begin with a line that tells of the run, or one that says why results are not kept.  Once, when
 * all CPUs are online. */
void results_init(const struct handoff *h);

/* A piece of a line, at most LOG_TEXT_MAX bytes; the last one of a line ends in '\n'. */
void results_print(const char *fmt, ...) PRINTF_LIKE(1, 2);

/*
 * The run @h is over: its results are shown once more (summary.h).  Does not return if the machine
 * is to be reset now (save=reboot), which it is only if the results are kept: on a machine without
 * a serial line the screen alone has them else.
 */
void results_end(const struct handoff *h, bool passed);

/* Where they are kept; NULL: nowhere. */
struct kept *results_memory(void);
