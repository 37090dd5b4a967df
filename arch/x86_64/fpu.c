/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/fpu.c - see fpu.h.  Source: Intel SDM vol. 1, chapter 13; vol. 2, FXSAVE.
 */
#include "arch/x86_64/cpuid.h"
#include "arch/x86_64/fpu.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"

#define CPUID_XSAVE 0xdu

/* The head of an area: what FXSAVE writes, then XSAVE's header. */
struct area {
	u16 fcw;
	u8 other1[22];
	u32 mxcsr;
	u8 other2[FPU_FXSAVE_SIZE - 28];
	u64 xstate_bv; /* parts that are not as before their first use */
};

STATIC_ASSERT(offsetof(struct area, mxcsr) == 24, "SDM vol. 2, table 3-43");
STATIC_ASSERT(offsetof(struct area, xstate_bv) == FPU_FXSAVE_SIZE, "SDM vol. 1, 13.4.2");

const u32 fpu_nothing;

u32 fpu_area_size(void)
{
	u32 regs[4];

	if (!cpu_features.xsave)
		return FPU_FXSAVE_SIZE;
	cpuid(CPUID_XSAVE, 0, regs);
	return regs[1]; /* EBX: for what XCR0 has now */
}

void fpu_enable(void)
{
	const struct cpu_features *f = &cpu_features;

	write_cr4(read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT | (f->xsave ? CR4_OSXSAVE : 0));
	if (f->xsave)
		write_xcr0(XCR0_X87 | XCR0_SSE | (f->avx ? XCR0_AVX : 0) |
			   (f->avx512 ? XCR0_AVX512 : 0));
}

/* A part that XSTATE_BV does not name is loaded as fresh; but MXCSR always from the area. */
void fpu_init_area(void *area)
{
	struct area *a = area;

	a->fcw = FPU_FCW_FRESH;
	a->mxcsr = FPU_MXCSR_FRESH;
}

void fpu_save(void *area)
{
	if (likely(cpu_features.xsaveopt))
		__asm__ volatile("xsaveopt64 %0" : "+m"(FPU_AREA(area)) : FPU_ALL_PARTS : "memory");
	else if (cpu_features.xsave)
		__asm__ volatile("xsave64 %0" : "+m"(FPU_AREA(area)) : FPU_ALL_PARTS : "memory");
	else
		__asm__ volatile("fxsave64 %0" : "=m"(FPU_AREA(area))::"memory");
}

void fpu_load(void *area)
{
	if (unlikely(cpu_features.x87_keeps_pointers))
		fpu_hide_x87_pointers();
	if (likely(cpu_features.xsave))
		__asm__ volatile("xrstor64 %0" ::"m"(FPU_AREA(area)), FPU_ALL_PARTS : "memory");
	else
		__asm__ volatile("fxrstor64 %0" ::"m"(FPU_AREA(area)) : "memory");
}
