/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/cpuid.h - what this kind of CPU can do, found once on the boot CPU.
 *
 * cpu_features is constant after cpu_features_detect().  An application processor
 * that lacks something the boot CPU has is refused (smp.c): nothing here is per CPU.
 */
#pragma once

#include "lib/types.h"

struct cpu_features {
	char vendor[13];
	char model[49];
	u32 family, model_number, stepping;
	u8 phys_bits;
	bool mce, nx, gib_pages, pge, pat;
	bool smep, smap, umip, fsgsbase, la57;
	bool pcid, invpcid, arch_capabilities;
	bool xsave, xsaveopt, xsaveerptr, avx, avx512;
	bool x87_keeps_pointers; /* over a load of the x87 registers: AMD's, without xsaveerptr */
	bool quick_user_state; /* fsgsbase and xsaveopt: the switch has no other case to look at */
	bool x2apic, tsc_deadline, invariant_tsc, rdpid;
	bool hypervisor;
};

extern struct cpu_features cpu_features;

/* Fill cpu_features from CPUID.  On the boot CPU, once. */
void cpu_features_detect(void);

/* Does the CPU that runs this have all that cpu_features says?  The name of what it lacks, or NULL.
 */
const char *cpu_features_missing(void);

/* A line like "nx 1g pge smep pcid", into @buf. */
void cpu_features_format(char *buf, size_t size);

/* How many levels of page tables this CPU walks: the loader or the trampoline chose. */
u32 cpu_paging_levels(void);

/* Turn on in CR0, CR4, XCR0, EFER and PAT what the kernel uses and the CPU has.  On each CPU. */
void cpu_features_enable(void);
