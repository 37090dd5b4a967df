/* SPDX-License-Identifier: MIT */
/*
 * mm/cpu_tables.h - what a CPU needs before it can run: its copy of the per-CPU
 * variables, its entry area, and page tables that map both.
 *
 * The neutral root is a page table without a user half: for the CPU's start, for idling
 * without an address space, for going offline.  In the percpu kernel (percpu/) each CPU
 * has its own, with its own entry 511; in the classic kernel (classic/) all CPUs share
 * the one of kspace.h, and each CPU's area lies at an address of its own.
 */
#pragma once

#include "arch/x86_64/cpu_area.h"
#include "arch/x86_64/pte.h"
#include "lib/types.h"

/* The memory behind a CPU's variables and entry area: physical addresses. */
struct cpu_memory {
	paddr_t variables;	      /* contiguous, cpu_variables_size() bytes */
	paddr_t area[CPU_AREA_PAGES]; /* 0: a guard page */
};

/* Bytes of one CPU's copy of .percpu, whole pages. */
u64 cpu_variables_size(void);

/*
 * Make tables and memory for @cpu; sets percpu_offset[cpu] and cpus[cpu].neutral_root.
 * 0 or -ENOMEM.  What was taken is not given back: others read a CPU's variables whatever it
 * does.  A CPU that comes back finds its own, and an attempt after -ENOMEM goes on with what
 * the last one has taken.
 */
int cpu_tables_create(u32 cpu) WARN_UNUSED_RESULT;

/*
 * Make the boot CPU's, around the variables it has run on since the loader placed the
 * image at @kernel_phys, and go from the loader's tables to them.  0 or -ENOMEM.
 */
int cpu_tables_enter_boot_cpu(paddr_t kernel_phys) WARN_UNUSED_RESULT;

/* Map @m's entry area at @cpu's address below @root.  0 or -ENOMEM. */
int cpu_map_area(pte_t *root, u32 cpu, const struct cpu_memory *m) WARN_UNUSED_RESULT;

/* The twin's part: map @m for @cpu and say what to load.  0: out of memory. */
paddr_t twin_map_cpu(u32 cpu, const struct cpu_memory *m) WARN_UNUSED_RESULT;
