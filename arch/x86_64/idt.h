/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/idt.h - the interrupt descriptor table: one, the same on all CPUs.
 */
#pragma once

/* Fill it, each vector on the current stack, and load it.  The first thing the boot CPU does. */
void idt_init_early(void);

/* Give #DF, NMI, #MC and #DB their own stacks.  Once, when the boot CPU's TSS is loaded. */
void idt_use_ist(void);

/* Load it on this CPU. */
void idt_load(void);
