/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/insn.h - one function, one instruction.  A memory clobber where the
 * instruction orders or changes what memory means.  Those that change what the TLB holds
 * are places that tlbcheck=on may make calls of (tlb_mailbox.h).
 */
#pragma once

#include "arch/x86_64/tlb_mailbox.h"
#include "lib/types.h"

struct descriptor_pointer {
	u16 limit;
	u64 base;
} __attribute__((packed));

static inline u64 rdmsr(u32 msr)
{
	u32 lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr) : "memory");
	return (u64)hi << 32 | lo;
}

static inline void wrmsr(u32 msr, u64 value)
{
	__asm__ volatile("wrmsr" ::"c"(msr), "a"((u32)value), "d"((u32)(value >> 32)) : "memory");
}

/* Counter @which, as the manual numbers them for this instruction (pmu.h). */
static inline u64 rdpmc(u32 which)
{
	u32 lo, hi;

	__asm__ volatile("rdpmc" : "=a"(lo), "=d"(hi) : "c"(which) : "memory");
	return (u64)hi << 32 | lo;
}

/* Which parts of the state there are: needs CR4.OSXSAVE. */
static inline void write_xcr0(u64 value)
{
	__asm__ volatile("xsetbv" ::"c"(0), "a"((u32)value), "d"((u32)(value >> 32)) : "memory");
}

/* Need CR4.FSGSBASE; the writes fault (#GP) if the address is not canonical. */
static inline u64 rdfsbase(void)
{
	u64 v;

	__asm__ volatile("rdfsbase %0" : "=r"(v)::"memory");
	return v;
}

static inline void wrfsbase(u64 v)
{
	__asm__ volatile("wrfsbase %0" ::"r"(v) : "memory");
}

static inline u64 rdtsc(void)
{
	u32 lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi)::"memory");
	return (u64)hi << 32 | lo;
}

static inline u8 in8(u16 port)
{
	u8 v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

static inline u16 in16(u16 port)
{
	u16 v;

	__asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

static inline u32 in32(u16 port)
{
	u32 v;

	__asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

static inline void out8(u16 port, u8 v)
{
	__asm__ volatile("outb %0, %1" ::"a"(v), "Nd"(port) : "memory");
}

static inline void out16(u16 port, u16 v)
{
	__asm__ volatile("outw %0, %1" ::"a"(v), "Nd"(port) : "memory");
}

static inline void out32(u16 port, u32 v)
{
	__asm__ volatile("outl %0, %1" ::"a"(v), "Nd"(port) : "memory");
}

static inline u64 read_cr0(void)
{
	u64 v;

	__asm__ volatile("mov %%cr0, %0" : "=r"(v)::"memory");
	return v;
}

static inline void write_cr0(u64 v)
{
	__asm__ volatile("mov %0, %%cr0" ::"r"(v) : "memory");
}

static inline u64 read_cr2(void)
{
	u64 v;

	__asm__ volatile("mov %%cr2, %0" : "=r"(v)::"memory");
	return v;
}

static inline u64 read_cr3(void)
{
	u64 v;

	__asm__ volatile("mov %%cr3, %0" : "=r"(v)::"memory");
	return v;
}

static inline void write_cr3(u64 v)
{
	__asm__ volatile(TLB_SITE("ds; ds; mov %%rax, %%cr3", "tlb_mailbox_cr3_rax")::"a"(v)
			 : "memory");
}

static inline u64 read_cr4(void)
{
	u64 v;

	__asm__ volatile("mov %%cr4, %0" : "=r"(v)::"memory");
	return v;
}

static inline void write_cr4(u64 v)
{
	__asm__ volatile("mov %0, %%cr4" ::"r"(v) : "memory");
}

/* This CPU's TLB, the current PCID and global entries only (SDM vol. 3A, 4.10.4.1). */
static inline void invlpg(vaddr_t va)
{
	__asm__ volatile(TLB_SITE("ds; ds; invlpg (%%rax)", "tlb_mailbox_invlpg")::"a"(va)
			 : "memory");
}

/* What INVPCID invalidates (SDM vol. 2A).  All but the last leave global entries alone. */
enum invpcid_type {
	INVPCID_ADDRESS,   /* one address of one PCID */
	INVPCID_TAG,	   /* one PCID */
	INVPCID_ALL,	   /* all PCIDs, global entries too */
	INVPCID_ALL_LOCAL, /* all PCIDs */
};

struct invpcid_descriptor {
	u64 pcid; /* bits 63:12 must be 0 */
	vaddr_t va;
};

/*
 * This CPU's TLB.  Faults (#GP) without CR4.PCIDE if @pcid is not 0, with a PCID above 4095,
 * and, for one address, if that is not canonical.
 */
static inline void invpcid(enum invpcid_type type, u64 pcid, vaddr_t va)
{
	const struct invpcid_descriptor d = { pcid, va };

	__asm__ volatile(TLB_SITE("invpcid (%%rax), %%rcx", "tlb_mailbox_invpcid")::"a"(&d),
			 "c"((u64)type)
			 : "memory");
}

static inline void cpuid(u32 leaf, u32 subleaf, u32 out[4])
{
	__asm__ volatile("cpuid"
			 : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
			 : "a"(leaf), "c"(subleaf)
			 : "memory");
}

#define CACHE_LINE 64u

/*
 * Write what lies in [at, at + size) from any CPU's cache to memory, as a reset, which empties
 * caches, does not.  Intel SDM vol. 2A, CLFLUSH: a line of 64 bytes on each CPU with 64-bit mode.
 */
static inline void cache_write_back(const void *at, size_t size)
{
	const u8 *end = (const u8 *)at + size;

	for (const u8 *line = (const u8 *)ALIGN_DOWN((u64)at, CACHE_LINE); line < end;
	     line += CACHE_LINE)
		__asm__ volatile("clflush %0" ::"m"(*line) : "memory");
	__asm__ volatile("mfence" ::: "memory");
}

static inline void cpu_pause(void)
{
	__asm__ volatile("pause" ::: "memory");
}

/* Interrupts on and wait for one, with nothing in between. */
static inline void irq_enable_and_halt(void)
{
	__asm__ volatile("sti; hlt" ::: "memory");
}

/* This CPU does nothing any more; an NMI, or an INIT, can still come. */
static inline NORETURN void cpu_halt(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}

/* User pages become reachable (stac) and unreachable (clac); needs SMAP. */
static inline void stac(void)
{
	__asm__ volatile("stac" ::: "memory", "cc");
}

static inline void clac(void)
{
	__asm__ volatile("clac" ::: "memory", "cc");
}
