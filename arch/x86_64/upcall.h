/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/upcall.h - what arch/ calls and the layers above define.
 */
#pragma once

#include "arch/x86_64/trapframe.h"

/*
 * A page fault at a user address, from user mode or from a copy: true if the access may
 * be tried again.  Interrupts off, as the fault left them; may turn them on meanwhile.
 * kernel/page_fault.c
 */
bool trap_page_fault(const struct trapframe *f, vaddr_t va);

/*
 * User mode is next on this CPU: last checks, and isolated, pti_user_cr3.  Interrupts are
 * off, and stay so until it is there.  kernel/user_return.c
 */
void trap_prepare_user(void);

/* Debug builds: an interrupt came.  Is what this CPU has loaded what it should be? */
void trap_check(void);

/* An exception that no fix-up covers.  kernel/fault.c */
void trap_fault(struct trapframe *f);

/* An NMI.  Touches no user address, takes no fault, maps nothing (R1).  kernel/panic.c */
void trap_nmi(struct trapframe *f);

/* The timer this CPU armed has expired.  Interrupts off.  kernel/timer.c */
void timer_expired(void);

/* An application processor, on its own tables and stack, interrupts off.  kernel/hotplug.c */
NORETURN void cpu_main(void);
