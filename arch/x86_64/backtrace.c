/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/backtrace.c - see backtrace.h.
 */
#include "arch/x86_64/backtrace.h"
#include "arch/x86_64/layout.h"
#include "arch/x86_64/probe.h"
#include "lib/ksyms.h"
#include "lib/log.h"

/* A frame record is two words in the kernel half; a wild pointer is asked for, not followed. */
static bool readable_record(u64 rbp)
{
	return rbp >= DIRECT_MAP_BASE && IS_ALIGNED(rbp, sizeof(u64)) && probe_read(rbp) == 0 &&
	       probe_read(rbp + 2 * sizeof(u64) - 1) == 0;
}

void backtrace_collect(struct backtrace *bt, u64 rip, u64 rbp)
{
	bt->depth = 0;
	if (rip != 0)
		bt->pc[bt->depth++] = rip;
	while (bt->depth < BACKTRACE_DEPTH && readable_record(rbp)) {
		const u64 *record = (const u64 *)rbp;

		if (record[1] == 0)
			break;
		bt->pc[bt->depth++] = record[1];
		if (record[0] <= rbp) /* stacks grow down: callers lie higher */
			break;
		rbp = record[0];
	}
}

void backtrace_print(const struct backtrace *bt)
{
	for (u32 i = 0; i < bt->depth; i++) {
		u64 offset = 0;
		/* A return address may lie behind the last instruction: ask for the call. */
		const char *name = ksym_find(bt->pc[i] - (i > 0), &offset);

		if (name != NULL)
			printk("  %p %s+%#lx\n", (void *)bt->pc[i], name, offset + (i > 0));
		else
			printk("  %p ?\n", (void *)bt->pc[i]);
	}
}
