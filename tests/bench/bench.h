/* SPDX-License-Identifier: MIT */
/*
 * tests/bench/bench.h - benchmarks: they register themselves like tests, are chosen by
 * bench=GLOB, and print one line each, "bench: " and a JSON object.
 *
 *	BENCH(switch_mm_hit)
 *	{
 *		prepare;
 *		bench_measure(b, { switch_mm(next); });
 *	}
 *
 * The unit is ticks of the TSC: under --icount with one CPU a tick is one guest
 * instruction, on a real machine a cycle; the line says which kind the run claims.
 * The cost of reading the TSC twice is measured first and taken off.  A second line, "events: ",
 * says what the CPUs did meanwhile, between the samples too.  Where the CPU has counters, a third,
 * "pmu: ", has what they counted in the samples (real.h).
 */
#pragma once

#include "arch/x86_64/count_mark.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/tlb_mailbox.h"
#include "lib/types.h"
#include "mm/totals.h"
#include "tests/bench/real.h"

#define BENCH_RUNS 101u /* odd: the median is one of them */
#define BENCH_WARM 8u

struct bench {
	const char *name;
	u64 overhead; /* ticks of an empty measurement */
	u32 n;
	u64 samples[BENCH_RUNS];
	struct totals before, after; /* what had happened before the first of them, and then */
};

struct bench_case {
	const char *name;
	void (*run)(struct bench *b);
};

#define BENCH(bench_name)                                                                          \
	static void bench_name(struct bench *b);                                                   \
	static const struct bench_case bench_name##_bench = { #bench_name, bench_name };           \
	USED SECTION(".benches") static const struct bench_case *const bench_name##_bench_entry =  \
		&bench_name##_bench;                                                               \
	static void bench_name(struct bench *b)

/* The benchmark whose samples are not forgotten any more; NULL: none. */
extern const char *bench_under_way;

/*
 * Read the TSC, and list this place in the kernel's ELF file, so that a plugin can count
 * what is executed in between where the TSC does not: with several CPUs.  A model of TLBs
 * is told too (tlb_mailbox.h), outside of what is measured.  The asm makes one number of the
 * reading, as programs in ring 3 do (user_programs.asm): an empty one is as long everywhere.
 */
static ALWAYS_INLINE u64 bench_clock(enum count_mark mark)
{
	u64 now;

	if (mark == COUNT_BEGIN) {
		tlb_announce_mark(bench_under_way);
		if (unlikely(real_on))
			real_begin();
	}
	__asm__ volatile("1:\trdtsc\n\t"
			 "shl $32, %%rdx\n\t"
			 "or %%rdx, %%rax\n\t" COUNT_MARK_WORDS(1)
			 : "=a"(now)
			 : "i"(mark)
			 : "rdx", "cc", "memory");
	if (mark == COUNT_END) {
		if (unlikely(real_on))
			real_end();
		tlb_announce_mark(NULL);
	}
	return now;
}

/* One sample: the statements between two readings of the TSC, interrupts off. */
#define bench_sample(b, ...)                                                                       \
	do {                                                                                       \
		u64 flags_ = irq_save(), start_ = bench_clock(COUNT_BEGIN), end_;                  \
		__VA_ARGS__;                                                                       \
		end_ = bench_clock(COUNT_END);                                                     \
		irq_restore(flags_);                                                               \
		bench_add(b, end_ - start_);                                                       \
	} while (0)

/* Note a sample; the first BENCH_WARM are forgotten. */
void bench_add(struct bench *b, u64 ticks);

/* More samples wanted? */
bool bench_more(const struct bench *b);
