/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/upcall.h - what arch/ calls and the layers above define.
 */
#pragma once

#include "arch/x86_64/trapframe.h"
#include "lib/lock_check.h"

/*
 * A page fault at a user address, from user mode or from a copy: true if the access may
 * be tried again.  Interrupts off, as the fault left them; may turn them on meanwhile.
 * kernel/page_fault.c
 */
bool trap_page_fault(struct trapframe *f, vaddr_t va) REQUIRES(irqs_off);

/*
 * User mode is next on this CPU: last checks, and isolated, pti_user_cr3.  Interrupts are
 * off, and stay so until it is there.  kernel/user_return.c
 */
void trap_prepare_user(void) REQUIRES(irqs_off);

/*
 * An interrupt returns to the kernel, need_resched is set, and what was interrupted may be
 * preempted.  Interrupts off; may come back on another CPU.  kernel/sched.c
 */
void preempt_in_interrupt(void) REQUIRES(irqs_off);

/*
 * Debug builds: an interrupt came.  Is what this CPU has loaded what it should be?  The value
 * is for trap_check_end(), which sees that its handler left no mapping behind.
 */
u32 trap_check(void);
void trap_check_end(u8 vector, u32 mappings);

/* An exception that no fix-up covers.  kernel/fault.c */
void trap_fault(struct trapframe *f) REQUIRES(irqs_off);

/* An NMI.  Touches no user address, takes no fault, maps nothing (R1).  kernel/panic.c */
void trap_nmi(struct trapframe *f);

/* The timer this CPU armed has expired.  Interrupts off.  kernel/timer.c */
void timer_expired(void) REQUIRES(irqs_off);

/* An application processor, on its own tables and stack, interrupts off.  kernel/hotplug.c */
NORETURN void cpu_main(void) REQUIRES(irqs_off);
