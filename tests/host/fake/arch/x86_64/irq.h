/* SPDX-License-Identifier: MIT */
/*
 * tests/host/fake/arch/x86_64/irq.h - the interrupt flag of a simulated CPU: a
 * variable, so that tests can see it is as it was.
 */
#pragma once

#include "lib/types.h"

#define RFLAGS_IF BIT(9)

extern u64 machine_rflags;

static inline bool irqs_enabled(void)
{
	return machine_rflags & RFLAGS_IF;
}

static inline void irq_disable(void)
{
	machine_rflags &= ~RFLAGS_IF;
}

static inline void irq_enable(void)
{
	machine_rflags |= RFLAGS_IF;
}

static inline u64 irq_save(void)
{
	u64 flags = machine_rflags;

	irq_disable();
	return flags;
}

static inline void irq_restore(u64 flags)
{
	if (flags & RFLAGS_IF)
		irq_enable();
}
