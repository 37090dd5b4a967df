/* SPDX-License-Identifier: MIT */
/*
 * mm/trace.h - the last events of each CPU, in a ring of binary records: what led here.
 *
 * Debug builds write a record for each event that counters.h counts.  With trace=on a
 * panic and the end of the tests print the rings of all CPUs, a line of hexadecimal words
 * for each record ("trace: CPU ..."); tools/trace reads a log and says it in words, in the
 * order of time.
 *
 * A ring is written by its CPU alone, from any context but NMI; a reader on another CPU
 * sees whole records once that CPU has stopped.
 */
#pragma once

#include "lib/types.h"

#define TRACE_RECORDS 64u /* per CPU; a power of two */

struct trace_record {
	u64 ticks;  /* of the TSC */
	u64 ctx_id; /* the mm that was loaded; 0: neutral */
	u64 event;  /* enum event + 1; 0: nothing yet */
};

void trace_write(u32 event);

/* Print the rings of all CPUs.  Debug builds; elsewhere nothing. */
void trace_print(void);
