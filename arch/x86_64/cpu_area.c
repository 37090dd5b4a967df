/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/cpu_area.c - fill the entry area and load what it describes.
 */
#include "arch/x86_64/cpu_area.h"
#include "arch/x86_64/idt.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/syscall.h"
#include "arch/x86_64/trap.h"

/* Segment descriptors of long mode: base and limit count for nothing but SEL_CPU_NUMBER. */
#define DESC_KERNEL_CODE 0x00af9b000000fffful
#define DESC_KERNEL_DATA 0x00cf93000000fffful
#define DESC_USER_CODE32 0x00cffb000000fffful
#define DESC_USER_DATA	 0x00cff3000000fffful
#define DESC_USER_CODE	 0x00affb000000fffful
#define DESC_CPU_NUMBER	 0x0040f50000000000ul /* data, read-only, DPL 3, byte limit */
#define DESC_TSS	 0x0000890000000000ul

DEFINE_PER_CPU_ENTRY(u64, entry_stack_top);

/* The 16-byte descriptor of a TSS (SDM vol. 3A, figure 8-4). */
static void set_tss_descriptor(u64 *entry, const struct tss *tss)
{
	u64 base = (vaddr_t)tss;

	entry[0] =
		DESC_TSS | (sizeof(*tss) - 1) | (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56;
	entry[1] = base >> 32;
}

static void fill_gdt(struct cpu_entry *e, u32 cpu)
{
	e->gdt[0] = 0;
	e->gdt[SEL_KERNEL_CODE / 8] = DESC_KERNEL_CODE;
	e->gdt[SEL_KERNEL_DATA / 8] = DESC_KERNEL_DATA;
	e->gdt[SEL_USER_CODE32 / 8] = DESC_USER_CODE32;
	e->gdt[SEL_USER_DATA / 8] = DESC_USER_DATA;
	e->gdt[SEL_USER_CODE / 8] = DESC_USER_CODE;
	e->gdt[SEL_CPU_NUMBER / 8] = DESC_CPU_NUMBER | cpu;
	set_tss_descriptor(&e->gdt[SEL_TSS / 8], &e->tss);
}

static void fill_tss(struct tss *tss, u32 cpu)
{
	tss->rsp[0] = cpu_area_entry_stack_top(cpu);
	for (u32 i = IST_DF; i <= IST_COUNT; i++)
		tss->ist[i - 1] = cpu_area_ist_top(cpu, (enum ist)i);
	tss->io_bitmap = sizeof(*tss); /* none: all ports refused to ring 3 */
}

void cpu_area_load(void)
{
	u32 cpu = cpu_id;
	struct cpu_entry *e = (struct cpu_entry *)cpu_area_base(cpu);
	struct descriptor_pointer gdt = { sizeof(e->gdt) - 1, (vaddr_t)e->gdt };

	entry_stack_top = cpu_area_entry_stack_top(cpu);
	fill_tss(&e->tss, cpu);
	fill_gdt(e, cpu);
	__asm__ volatile("lgdt %0" ::"m"(gdt) : "memory");
	__asm__ volatile("ltr %w0" ::"r"(SEL_TSS) : "memory");
	idt_load();
	syscall_init_cpu();
}
