/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/fpu.h - the x87, SSE and AVX registers, which are the user's alone: the kernel is
 * compiled to leave them be, so that they change in user mode and here.
 *
 * What a CPU has decides how they are kept: XSAVEOPT, XSAVE or FXSAVE, always in the standard
 * format.  XSAVEOPT leaves out what is as it was after the last load, or was never used.
 */
#pragma once

#include "arch/x86_64/cpuid.h"
#include "lib/types.h"

#define FPU_ALIGN 64u /* of an area, in bytes */

#define FPU_FCW_FRESH	0x37f  /* x87: all exceptions masked, 64 bits of mantissa */
#define FPU_MXCSR_FRESH 0x1f80 /* SSE: the same, round to nearest */

/* Bytes of an area that holds the registers. */
u32 fpu_area_size(void);

/* Turn on what this CPU has, in CR4 and XCR0.  On each CPU, from cpu_features_enable(). */
void fpu_enable(void);

/* Make of @area, filled with 0, what a CPU's registers are before their first use. */
void fpu_init_area(void *area);

/* The registers into @area, and back.  Interrupts off, or the caller is alone to use them. */
void fpu_save(void *area);
void fpu_load(void *area);

#define FPU_FXSAVE_SIZE 512u
#define FPU_AREA(area)	(*(u8(*)[FPU_FXSAVE_SIZE])(area)) /* its head, for an operand */
#define FPU_ALL_PARTS	"a"(~0u), "d"(~0u)		  /* EDX:EAX, for XSAVE and XRSTOR */

extern const u32 fpu_nothing; /* 0 */

/*
 * AMD's CPUs without XSAVEERPTR load the addresses of the last x87 instruction and of its operand
 * only with an exception pending, else they keep those of whoever was there before
 * (CVE-2006-1056).  An instruction of the kernel's own puts others there, the same always.
 */
#define FPU_HIDE_X87_POINTERS "fnclex; emms; fildl %[nothing]"

static ALWAYS_INLINE void fpu_hide_x87_pointers(void)
{
	__asm__ volatile(FPU_HIDE_X87_POINTERS ::[nothing] "m"(fpu_nothing) : "memory");
}

/* Save into @prev and load @next, on CPUs with XSAVEOPT.  One piece, or EDX:EAX is filled twice. */
static ALWAYS_INLINE void fpu_swap(void *prev, void *next)
{
	__asm__ volatile(
		"xsaveopt64 %0\n\t"
		"cmpb $0, %[keeps_pointers]\n\t"
		"je 1f\n\t" FPU_HIDE_X87_POINTERS "\n"
		"1:\txrstor64 %[next]"
		: "+m"(FPU_AREA(prev))
		: [next] "m"(FPU_AREA(next)), [keeps_pointers] "m"(cpu_features.x87_keeps_pointers),
		  [nothing] "m"(fpu_nothing), FPU_ALL_PARTS
		: "cc", "memory");
}
