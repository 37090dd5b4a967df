/* SPDX-License-Identifier: MIT */
/*
 * kernel/options.h - the command line, as the kernel understands it.
 * docs/boot.md lists the words; kernel/options.c is the list.
 */
#pragma once

#include "arch/x86_64/pcid.h"
#include "arch/x86_64/pti.h"
#include "lib/types.h"
#include "mm/kspace.h"

#define RING_MMS_MAX	4096u
#define TOP_ENTRIES_MAX 255u /* all of the user half; its last page is never mapped */
#define RING_PAGES_MAX	4096u

enum save {
	SAVE_OFF,
	SAVE_ON,     /* keep results in memory, if the loader reserved any */
	SAVE_REBOOT, /* and then reset the machine, so that the loader writes them to its disk */
};

struct options {
	char test[128];	      /* suites or tests to run, a list of globs; "": none */
	char bench[256];      /* benchmarks to run, a list of globs; "": none */
	enum save save;	      /* of results */
	u32 photo;	      /* seconds that results stay on the screen */
	u32 ring_mms;	      /* address spaces of the benchmarks ring and visit */
	u32 top_entries;      /* that each has populated in visit and grow */
	u32 ring_pages;	      /* that user mode reads in a turn of it */
	u32 ring_kernel;      /* that the kernel reads */
	bool counters;	      /* print all counters at the end */
	bool trace;	      /* keep trace rings, print them at the end, or at a panic */
	u32 trace_records;    /* of each CPU */
	bool icount;	      /* the emulator's TSC counts instructions */
	char provoke[32];     /* go wrong on purpose: tests/provoke.c */
	u32 provoke_cpu;      /* where */
	u32 cpus;	      /* use at most so many */
	char init[128];	      /* start this program, with arguments, instead of tests; "": do not */
	bool hotadd;	      /* the host may add and take away CPUs */
	u32 crowd;	      /* so many CPUs contend at once in tests */
	u64 seed;	      /* of everything random; 0: from the clock */
	u32 stress;	      /* seconds that each storm goes on; 0: a moment */
	enum physmap physmap; /* what the direct map covers */
	enum pcid_mode pcid;  /* tags: arch/x86_64/pcid.h */
	enum pti_mode pti;    /* page-table isolation: arch/x86_64/pti.h */
	u64 kmem;	      /* bytes of ZONE_KERNEL; 0: a quarter */
};

extern struct options options;

/* Parse; each word that is wrong gets one line on the console and is passed over. */
void options_parse(const char *cmdline);
