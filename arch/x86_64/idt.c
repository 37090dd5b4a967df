/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/idt.c - see idt.h.  Written on the boot CPU before others start, then constant.
 */
#include "arch/x86_64/cpu_area.h"
#include "arch/x86_64/idt.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/pti.h"
#include "arch/x86_64/regs.h"

#define IDT_ENTRIES    256
#define GATE_PRESENT   0x80
#define GATE_INTERRUPT 0x0e
#define GATE_USER      0x60 /* DPL 3: INT3 may come from user mode */

/* SDM vol. 3A, figure 6-8. */
struct gate {
	u16 offset_0;
	u16 selector;
	u8 ist;
	u8 type;
	u16 offset_16;
	u32 offset_32;
	u32 reserved;
};

/* The CPU reads it on whatever PGD is loaded. */
static SECTION(".entry_data") struct gate idt[IDT_ENTRIES] ALIGNED(4096);

extern const u64 trap_stubs[IDT_ENTRIES], trap_stubs_isolated[IDT_ENTRIES]; /* trap.asm */

static void set_gate(u32 vector, u8 extra)
{
	u64 to = pti_on ? trap_stubs_isolated[vector] : trap_stubs[vector];

	idt[vector] = (struct gate){
		.offset_0 = to & 0xffff,
		.selector = SEL_KERNEL_CODE,
		.type = GATE_PRESENT | GATE_INTERRUPT | extra,
		.offset_16 = to >> 16 & 0xffff,
		.offset_32 = (u32)(to >> 32),
	};
}

static void set_gates(void)
{
	for (u32 v = 0; v < IDT_ENTRIES; v++)
		set_gate(v, v == VECTOR_BP ? GATE_USER : 0);
}

void idt_init_early(void)
{
	set_gates();
	idt_load();
}

void idt_use_ist(void)
{
	set_gates();
	idt[VECTOR_DF].ist = IST_DF;
	idt[VECTOR_NMI].ist = IST_NMI;
	idt[VECTOR_MC].ist = IST_MC;
	idt[VECTOR_DB].ist = IST_DB;
}

void idt_load(void)
{
	struct descriptor_pointer p = { sizeof(idt) - 1, (vaddr_t)idt };

	__asm__ volatile("lidt %0" ::"m"(p) : "memory");
}
