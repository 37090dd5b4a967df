/* SPDX-License-Identifier: MIT */
/*
 * mm/trace.h - the last events of each CPU, in a ring of binary records: what led here.
 *
 * With trace=on, in any build.  A panic and the end of the tests print the rings of all
 * CPUs, a line of hexadecimal words for each record ("trace: CPU ..."); tools/trace reads a
 * log and says it in words, in the order of time.  With it off an event costs the test of
 * one word.
 *
 * A ring is written by its CPU alone, from any context but NMI; a reader on another CPU
 * sees whole records once that CPU has stopped, or trace_on is off.
 */
#pragma once

#include "lib/assert.h"
#include "lib/types.h"

/* Name; what the argument is, for tools/trace; what it says of the mm or the CPU. */
#define TRACE_POINTS(X)                                                                            \
	X(TRACE_SWITCH, "slot", "is loaded")                                                       \
	X(TRACE_BIND, "slot", "gets a slot")                                                       \
	X(TRACE_RING_PASS, "generation", "lagged, and missed nothing: its tag is kept")            \
	X(TRACE_SWITCH_FLUSH, "generation", "lagged: its tag is flushed")                          \
	X(TRACE_NEUTRAL, "nothing", "the neutral PGD is loaded")                                   \
	X(TRACE_LAZY_COPY, "address", "the entry above is copied after a fault")                   \
	X(TRACE_FAULT, "address", "a fault is resolved from the regions")                          \
	X(TRACE_COW, "address", "a shared page is copied")                                         \
	X(TRACE_FLUSH, "address", "leaves were changed from here on")                              \
	X(TRACE_IPI, "cpus", "these are told (of CPUs 0 to 63)")                                   \
	X(TRACE_IPI_SKIPPED, "cpu", "this one need not be told")                                   \
	X(TRACE_DROP, "nothing", "dies: who has it loaded goes to the neutral PGD")                \
	X(TRACE_INVLPG, "address", "pages are flushed from here on")                               \
	X(TRACE_WHOLE_FLUSH, "nothing", "its tag is flushed whole")                                \
	X(TRACE_KMAP, "address", "a page is mapped in the window")                                 \
	X(TRACE_KUNMAP, "address", "the last page in the window is dropped")                       \
	X(TRACE_CPU_UP, "state", "has come up to it")                                              \
	X(TRACE_CPU_DOWN, "state", "has gone down from it")                                        \
	X(TRACE_NOTE, "number", "somebody who looks for a fault made a note")

enum trace_event {
#define X(id, argument, what) id,
	TRACE_POINTS(X)
#undef X
};

#define TRACE_RECORDS_MIN 16u
#define TRACE_RECORDS_MAX BIT(20)

struct trace_record {
	u64 ticks;  /* of the TSC */
	u64 ctx_id; /* the mm it is about; 0: none */
	u64 arg;
	u64 event; /* enum trace_event + 1; 0: nothing yet */
};

STATIC_ASSERT(sizeof(struct trace_record) == 32, "records divide a page");

extern bool trace_on;

void trace_write(enum trace_event event, u64 ctx_id, u64 arg);

static ALWAYS_INLINE void trace(enum trace_event event, u64 ctx_id, u64 arg)
{
	if (unlikely(trace_on))
		trace_write(event, ctx_id, arg);
}

/*
 * From here on there are rings of @records, rounded up to a power of two, for the CPUs that
 * have tables.  Boot CPU, once, the others idle.  0, or -ENOMEM: then nothing is traced.
 */
int trace_start(u32 records) WARN_UNUSED_RESULT;

/* Give @cpu, which has tables and does not run, a ring if there are any.  0, or -ENOMEM. */
int trace_prepare_cpu(u32 cpu) WARN_UNUSED_RESULT;

/* End it, and print the rings of all CPUs. */
void trace_print(void);
