/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/count_mark.h - places in the kernel's text that a counter of instructions knows
 * (tools/insncount/): where a sample begins and ends, and where its CPU waits for another one, or
 * for time to pass, and goes on.  How long it waits is the emulator's doing, so that what it
 * executes then, itself or what it switches to, is left out of the sample.
 *
 * Two words in a section that is not loaded, and no instruction.
 */
#pragma once

#include "lib/types.h"

/* tools/insncount/marks.py knows the numbers. */
enum count_mark {
	COUNT_BEGIN,
	COUNT_END,
	COUNT_WAIT,
	COUNT_GO_ON,
};

#define COUNT_MARK_WORDS(operand)                                                                  \
	".pushsection .bench_marks, \"\"\n\t"                                                      \
	".quad 1b, %c" #operand "\n\t"                                                             \
	".popsection"

/* Before the statements that wait, and behind them. */
static ALWAYS_INLINE void count_mark(enum count_mark mark)
{
	__asm__ volatile("1:\n\t" COUNT_MARK_WORDS(0)::"i"(mark) : "memory");
}

/* Wait by @statements; they do not leave. */
#define COUNT_NOT(...)                                                                             \
	do {                                                                                       \
		count_mark(COUNT_WAIT);                                                            \
		__VA_ARGS__;                                                                       \
		count_mark(COUNT_GO_ON);                                                           \
	} while (0)
