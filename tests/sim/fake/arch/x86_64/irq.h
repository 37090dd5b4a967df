/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/fake/arch/x86_64/irq.h - the interrupt flag of the simulated CPU that runs.
 */
#pragma once

#include "tests/sim/machine.h"

#define RFLAGS_IF BIT(9)

static inline bool irqs_enabled(void)
{
	return sim_irqs_on();
}

static inline void irq_disable(void)
{
	sim_set_irqs(false);
}

static inline void irq_enable(void)
{
	sim_set_irqs(true);
}

static inline u64 irq_save(void)
{
	u64 flags = irqs_enabled() ? RFLAGS_IF : 0;

	irq_disable();
	return flags;
}

static inline void irq_restore(u64 flags)
{
	if (flags & RFLAGS_IF)
		irq_enable();
}
