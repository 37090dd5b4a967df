/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/syscall.c - tell the CPU where SYSCALL goes (SDM vol. 3A, 5.8.8).
 */
#include "arch/x86_64/cpu_area.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/pti.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/syscall.h"
#include "arch/x86_64/trap.h"

/* SYSCALL loads CS and SS from here on; SYSRET two and one behind, which user mode's order fits. */
#define STAR_SYSCALL_SHIFT 32
#define STAR_SYSRET_SHIFT  48

STATIC_ASSERT(SEL_KERNEL_DATA == SEL_KERNEL_CODE + 8, "what SYSCALL takes");
STATIC_ASSERT(SEL_USER_DATA == SEL_USER_CODE32 + 8 && SEL_USER_CODE == SEL_USER_CODE32 + 16,
	      "what SYSRET takes");

/* Off in the kernel: interrupts, until there is a stack; and what a user may have set. */
#define SYSCALL_FLAGS_OFF                                                                          \
	(RFLAGS_IF | RFLAGS_TF | RFLAGS_DF | RFLAGS_IOPL | RFLAGS_NT | RFLAGS_RF | RFLAGS_AC)

void syscall_init_cpu(void)
{
	wrmsr(MSR_STAR, (u64)SEL_KERNEL_CODE << STAR_SYSCALL_SHIFT |
				(u64)(SEL_USER_CODE32 | RPL_USER) << STAR_SYSRET_SHIFT);
	wrmsr(MSR_LSTAR, (vaddr_t)(pti_on ? syscall_entry_isolated : syscall_entry));
	wrmsr(MSR_FMASK, SYSCALL_FLAGS_OFF);
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE);
}
