/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/regs.h - registers, their bits and the numbers of MSRs.
 * Source: Intel SDM vol. 3A, sections 2.2 to 2.5; vol. 4 for the MSRs.
 */
#pragma once

#include "lib/types.h"

#define CR0_PE BIT(0)
#define CR0_MP BIT(1)
#define CR0_EM BIT(2)
#define CR0_TS BIT(3)
#define CR0_ET BIT(4)
#define CR0_NE BIT(5)
#define CR0_WP BIT(16)
#define CR0_AM BIT(18)
#define CR0_PG BIT(31)

#define CR4_DE	       BIT(3)
#define CR4_PSE	       BIT(4)
#define CR4_PAE	       BIT(5)
#define CR4_MCE	       BIT(6)
#define CR4_PGE	       BIT(7)
#define CR4_OSFXSR     BIT(9)
#define CR4_OSXMMEXCPT BIT(10)
#define CR4_UMIP       BIT(11)
#define CR4_LA57       BIT(12)
#define CR4_FSGSBASE   BIT(16)
#define CR4_PCIDE      BIT(17)
#define CR4_OSXSAVE    BIT(18)
#define CR4_SMEP       BIT(20)
#define CR4_SMAP       BIT(21)

/* XCR0, and XSTATE_BV of an XSAVE area: which parts of the state (SDM vol. 1, 13.1). */
#define XCR0_X87	BIT(0)
#define XCR0_SSE	BIT(1)
#define XCR0_AVX_BIT	2
#define XCR0_AVX	BIT(XCR0_AVX_BIT)
#define XCR0_AVX512_BIT 5
#define XCR0_AVX512	(BIT(XCR0_AVX512_BIT) | BIT(6) | BIT(7)) /* masks, upper halves, 16 to 31 */

#define RFLAGS_FIXED BIT(1)
#define RFLAGS_TF    BIT(8)
#define RFLAGS_DF    BIT(10)
#define RFLAGS_IOPL  (3ul << 12)
#define RFLAGS_NT    BIT(14)
#define RFLAGS_RF    BIT(16)
#define RFLAGS_AC    BIT(18)

#define EFER_SCE BIT(0)
#define EFER_LME BIT(8)
#define EFER_LMA BIT(10)
#define EFER_NXE BIT(11)

#define CPUID_FEATURES	    7u
#define CPUID_FEATURES_LA57 BIT(16) /* in ECX */

#define MSR_APIC_BASE	      0x01b
#define MSR_PMC0	      0x0c1 /* this and the next four are of performance counters: pmu.h */
#define MSR_PERFEVTSEL0	      0x186
#define MSR_FIXED_CTR0	      0x309
#define MSR_FIXED_CTR_CTRL    0x38d
#define MSR_PERF_GLOBAL_CTRL  0x38f
#define MSR_ARCH_CAPABILITIES 0x10a
#define MSR_TSC_DEADLINE      0x6e0
#define MSR_X2APIC_BASE	      0x800 /* register at MMIO offset n is MSR 0x800 + n / 16 */
#define MSR_PAT		      0x277
#define MSR_EFER	      0xc0000080
#define MSR_STAR	      0xc0000081
#define MSR_LSTAR	      0xc0000082
#define MSR_FMASK	      0xc0000084
#define MSR_FS_BASE	      0xc0000100
#define MSR_GS_BASE	      0xc0000101
#define MSR_KERNEL_GS_BASE    0xc0000102

#define APIC_BASE_ENABLE BIT(11)
#define APIC_BASE_X2APIC BIT(10)
#define APIC_BASE_BSP	 BIT(8)

#define ARCH_CAPABILITIES_RDCL_NO BIT(0) /* not vulnerable to Meltdown */

/* Exception vectors (SDM vol. 3A, table 6-1). */
enum vector {
	VECTOR_DE = 0,
	VECTOR_DB = 1,
	VECTOR_NMI = 2,
	VECTOR_BP = 3,
	VECTOR_UD = 6,
	VECTOR_NM = 7,
	VECTOR_DF = 8,
	VECTOR_GP = 13,
	VECTOR_PF = 14,
	VECTOR_MF = 16,
	VECTOR_MC = 18,
	VECTOR_XM = 19,
	VECTOR_EXCEPTIONS = 32, /* the first that is no exception */
};

/* Error code of a page fault. */
#define PF_PRESENT BIT(0)
#define PF_WRITE   BIT(1)
#define PF_USER	   BIT(2)
#define PF_RSVD	   BIT(3)
#define PF_FETCH   BIT(4)
