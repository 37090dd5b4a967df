/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/pic.c - see pic.h.  Masked, it can still deliver a spurious interrupt
 * (IRQ 7 or 15), which must not look like an exception: hence the new vectors.
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/pic.h"
#include "arch/x86_64/trap.h"

#define PIC1_COMMAND 0x20
#define PIC1_DATA    0x21
#define PIC2_COMMAND 0xa0
#define PIC2_DATA    0xa1

#define ICW1_INIT_ICW4	0x11
#define ICW3_CASCADE_ON 0x04 /* the second sits at the first's line 2 */
#define ICW3_CASCADE_ID 0x02
#define ICW4_8086	0x01
#define MASK_ALL	0xff
#define LINES		8

static void ignore(struct trapframe *f)
{
	(void)f;
}

void pic_disable(void)
{
	out8(PIC1_COMMAND, ICW1_INIT_ICW4);
	out8(PIC2_COMMAND, ICW1_INIT_ICW4);
	out8(PIC1_DATA, IRQ_LEGACY_FIRST);
	out8(PIC2_DATA, IRQ_LEGACY_FIRST + LINES);
	out8(PIC1_DATA, ICW3_CASCADE_ON);
	out8(PIC2_DATA, ICW3_CASCADE_ID);
	out8(PIC1_DATA, ICW4_8086);
	out8(PIC2_DATA, ICW4_8086);
	out8(PIC1_DATA, MASK_ALL);
	out8(PIC2_DATA, MASK_ALL);
	irq_set_handler(IRQ_LEGACY_FIRST + LINES - 1, ignore);
	irq_set_handler(IRQ_LEGACY_LAST, ignore);
}
