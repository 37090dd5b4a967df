/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/trap.h - interrupts and exceptions, as C sees them.
 */
#pragma once

#include "arch/x86_64/percpu.h"
#include "arch/x86_64/trapframe.h"

/* Where the entry code finds this CPU's kernel stack when it comes from user mode. */
DECLARE_PER_CPU(u64, kernel_stack_top);

/* The top of this CPU's entry stack, constant after cpu_area_load(). */
DECLARE_PER_CPU(u64, entry_stack_top);

/* How deep this CPU is in interrupts and IST handlers; 0: a thread runs. */
DECLARE_PER_CPU(u32, irq_depth);

/* How deep this CPU is in NMI, #MC, #DB or #DF handlers. */
DECLARE_PER_CPU(u32, nmi_depth);

/* Vectors 32..255, handed out in one place so that no two meet. */
enum irq_vector {
	IRQ_LEGACY_FIRST = 0x20, /* the masked 8259 pair's spurious ones */
	IRQ_LEGACY_LAST = 0x2f,
	IRQ_DEVICE_FIRST = 0x30, /* those that the I/O APICs send: ioapic.h */
	IRQ_DEVICE_LAST = 0xdf,
	IRQ_TIMER = 0xe0,
	IRQ_CALL = 0xe1,       /* run_on_cpus() */
	IRQ_TEST = 0xe2,       /* the self-tests' own */
	IRQ_RESCHEDULE = 0xe3, /* kernel/sched.c: a thread was put on an empty run queue */
	IRQ_RECLAIM = 0xe4,    /* mm/reclaim.c: give memory back */
	IRQ_SPURIOUS = 0xff,   /* the local APIC's */
};

/* Called with interrupts off; the vector is acknowledged after it returns. */
typedef void (*irq_handler_fn)(struct trapframe *f);

/*
 * For tests: called at each NMI that comes from now on, in that NMI; NULL: nothing is.  Under
 * the rules of NMI handlers: no user address, no page fault, no lock that others may hold.
 */
extern irq_handler_fn nmi_hook;

/* Set the handler of @vector on all CPUs.  Before interrupts of that vector can come. */
void irq_set_handler(u8 vector, irq_handler_fn fn);

/*
 * Did it come from user mode, or from the IRETQ that should have gone there (a frame that
 * the CPU refuses)?
 */
static inline bool trap_from_user(const struct trapframe *f)
{
	extern const u8 trap_iret[], trap_iret_isolated[]; /* trap.asm */

	return from_user(f) || f->rip == (u64)trap_iret || f->rip == (u64)trap_iret_isolated;
}
