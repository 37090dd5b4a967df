/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/cpu_area.h - the pages a CPU needs to take an interrupt or a system call,
 * on any page table: descriptor tables, task state, entry and IST stacks.
 *
 *	page  0		struct cpu_entry
 *	      1		guard
 *	      2		entry stack: from user mode the CPU pushes here; no C runs on it
 *	      3		guard, then for IST 1, 2, 3, 4:
 *	      4,5	stack; then a guard, and so on
 *	     15		the TLB checker's mailbox, with tlbcheck=on; else as a guard
 *
 * In the percpu kernel the area is at one address on all CPUs; in the classic kernel
 * each CPU's has its own (twin_area.h).  No stack here is one on which C may block, be
 * preempted, or pass an address on.
 */
#pragma once

#include "arch/x86_64/layout.h"
#include "arch/x86_64/tlb_mailbox.h"
#include "twin_area.h"

/* Selectors.  The order of the user segments is what SYSRET wants (SDM vol. 2B). */
#define SEL_KERNEL_CODE 0x08
#define SEL_KERNEL_DATA 0x10
#define SEL_USER_CODE32 0x18
#define SEL_USER_DATA	0x20
#define SEL_USER_CODE	0x28
#define SEL_TSS		0x30 /* two entries */
#define SEL_CPU_NUMBER	0x40 /* its limit is the CPU's number, for LSL */
#define GDT_ENTRIES	9
#define RPL_USER	3

/* Which stack an interrupt uses; 0 is "the current one". */
enum ist {
	IST_NONE,
	IST_DF,
	IST_NMI,
	IST_MC,
	IST_DB,
	IST_COUNT = 4,
};

/* SDM vol. 3A, 8.7: the 64-bit task-state segment. */
struct tss {
	u32 reserved0;
	u64 rsp[3];
	u64 reserved1;
	u64 ist[7];
	u64 reserved2;
	u16 reserved3;
	u16 io_bitmap;
} __attribute__((packed));

struct cpu_entry {
	u64 gdt[GDT_ENTRIES];
	struct tss tss;
	u64 user_sp; /* percpu kernel: a system call's, until it has a stack */
};

STATIC_ASSERT(sizeof(struct cpu_entry) <= PAGE_SIZE, "descriptor tables share one page");

#define CPU_AREA_ENTRY_STACK_PAGE 2u
#define CPU_AREA_IST_FIRST_PAGE	  3u /* the first guard */
#define CPU_AREA_IST_STRIDE	  3u /* guard and two pages of stack */
#define IST_STACK_SIZE		  (2 * PAGE_SIZE)
#define CPU_AREA_MAILBOX_PAGE	  (CPU_AREA_IST_FIRST_PAGE + IST_COUNT * CPU_AREA_IST_STRIDE)
#define CPU_AREA_PAGES		  (CPU_AREA_MAILBOX_PAGE + 1)

/* Is page @n of the area memory, or a guard? */
static inline bool cpu_area_page_is_memory(u32 n)
{
	if (n < CPU_AREA_IST_FIRST_PAGE)
		return n == 0 || n == CPU_AREA_ENTRY_STACK_PAGE;
	if (n == CPU_AREA_MAILBOX_PAGE)
		return tlb_mailbox_on;
	return (n - CPU_AREA_IST_FIRST_PAGE) % CPU_AREA_IST_STRIDE != 0;
}

static inline vaddr_t cpu_area_mailbox(u32 cpu)
{
	return cpu_area_base(cpu) + CPU_AREA_MAILBOX_PAGE * PAGE_SIZE;
}

static inline vaddr_t cpu_area_entry_stack_top(u32 cpu)
{
	return cpu_area_base(cpu) + (CPU_AREA_ENTRY_STACK_PAGE + 1) * PAGE_SIZE;
}

static inline vaddr_t cpu_area_ist_top(u32 cpu, enum ist ist)
{
	return cpu_area_base(cpu) +
	       (CPU_AREA_IST_FIRST_PAGE + (u32)ist * CPU_AREA_IST_STRIDE) * PAGE_SIZE;
}

/*
 * Fill this CPU's area and load GDT, TSS and IDT from it.  The area is mapped in the
 * loaded tables; interrupts off.
 */
void cpu_area_load(void);
