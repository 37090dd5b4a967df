/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/irq.h - interrupts of this CPU, off and on.
 */
#pragma once

#include "lib/lock_check.h"
#include "lib/types.h"

#define RFLAGS_IF BIT(9)

static inline u64 irq_flags(void)
{
	u64 flags;

	__asm__ volatile("pushfq; pop %0" : "=r"(flags)::"memory");
	return flags;
}

static inline bool irqs_enabled(void)
{
	return irq_flags() & RFLAGS_IF;
}

static inline void irq_disable(void) ACQUIRES(irqs_off) NO_LOCK_CHECK
{
	__asm__ volatile("cli" ::: "memory");
}

static inline void irq_enable(void) RELEASES(irqs_off) NO_LOCK_CHECK
{
	__asm__ volatile("sti" ::: "memory");
}

/*
 * Interrupts on for a moment: what is pending is taken.  STI lets one instruction pass before; that
 * is not PAUSE, behind which QEMU's TCG lets one more pass.
 */
static inline void irq_window(void) REQUIRES(irqs_off)
{
	__asm__ volatile("sti; nop; cli" ::: "memory");
}

/* Interrupts off; returns what to give to irq_restore().  Nests. */
static inline u64 irq_save(void) ACQUIRES(irqs_off)
{
	u64 flags = irq_flags();

	irq_disable();
	return flags;
}

static inline void irq_restore(u64 flags) RELEASES(irqs_off) NO_LOCK_CHECK
{
	if (flags & RFLAGS_IF)
		irq_enable();
}
