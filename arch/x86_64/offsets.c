/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/offsets.c - what NASM has to know about C structures and constants.
 * Compiled to assembly, never linked; the Makefile turns each string "->NAME $n" into
 * a line of offsets.inc.
 */
#include <stddef.h>

#include "arch/x86_64/cpu_area.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/pti.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/spinlock.h"
#include "arch/x86_64/syscall.h"
#include "arch/x86_64/trapframe.h"

#define VALUE(name, value)	   __asm__ volatile(".ascii \"->" #name " %0\"" ::"i"(value))
#define OFFSET(name, type, member) VALUE(name, offsetof(type, member))

void offsets(void);
void offsets(void)
{
	VALUE(KERNEL_CS, SEL_KERNEL_CODE);
	VALUE(KERNEL_DS, SEL_KERNEL_DATA);
	VALUE(USER_CS, SEL_USER_CODE | RPL_USER);
	VALUE(RFLAGS_USER, RFLAGS_FIXED | RFLAGS_IF);
	VALUE(USER_DS, SEL_USER_DATA | RPL_USER);
	VALUE(CPU_NUMBER_SELECTOR, SEL_CPU_NUMBER);
	VALUE(MSR_EFER_NUMBER, MSR_EFER);
	VALUE(MSR_GS_BASE_NUMBER, MSR_GS_BASE);
	VALUE(VECTOR_DEBUG, VECTOR_DB);
	VALUE(CR4_LA57_BIT, CR4_LA57);
	VALUE(CPUID_FEATURES_LEAF, CPUID_FEATURES);
	VALUE(CPUID_LA57_BIT, CPUID_FEATURES_LA57);
	VALUE(EFER_LME_BIT, EFER_LME);
	VALUE(CR0_PAGED, CR0_PE | CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP);

	VALUE(CPU_ENTRY_USER_SP, CPU_AREA_FIRST + offsetof(struct cpu_entry, user_sp));
	VALUE(CPU_ENTRY_STACK_TOP, CPU_AREA_FIRST + (CPU_AREA_ENTRY_STACK_PAGE + 1) * PAGE_SIZE);

	VALUE(PTI_PGD, PTI_PGD_BIT);
	VALUE(PTI_USER, PTI_USER_BITS);

	VALUE(TLB_MAILBOX_FIRST, CPU_AREA_FIRST + CPU_AREA_MAILBOX_PAGE * PAGE_SIZE);
	VALUE(TLB_MAILBOX_STRIDE, CPU_AREA_STRIDE);
	VALUE(MAIL_SWITCH, TLB_MAIL_AT(TLB_MAIL_SWITCH));
	VALUE(MAIL_PAGE, TLB_MAIL_AT(TLB_MAIL_PAGE));
	VALUE(MAIL_TAG_PAGE, TLB_MAIL_AT(TLB_MAIL_TAG_PAGE));
	VALUE(MAIL_TAG, TLB_MAIL_AT(TLB_MAIL_TAG));
	VALUE(MAIL_ALL, TLB_MAIL_AT(TLB_MAIL_ALL));
	VALUE(MAIL_ALL_LOCAL, TLB_MAIL_AT(TLB_MAIL_ALL_LOCAL));
	VALUE(MAIL_FAULT, TLB_MAIL_AT(TLB_MAIL_FAULT));
	VALUE(MAIL_FRAME, TLB_MAIL_AT(TLB_MAIL_FRAME));
	VALUE(MAIL_DONE, TLB_MAIL_AT(TLB_MAIL_DONE));
	VALUE(MAIL_MARK, TLB_MAIL_AT(TLB_MAIL_MARK));

	OFFSET(TF_R15, struct trapframe, r15);
	OFFSET(TF_R14, struct trapframe, r14);
	OFFSET(TF_R13, struct trapframe, r13);
	OFFSET(TF_R12, struct trapframe, r12);
	OFFSET(TF_R11, struct trapframe, r11);
	OFFSET(TF_R10, struct trapframe, r10);
	OFFSET(TF_R9, struct trapframe, r9);
	OFFSET(TF_R8, struct trapframe, r8);
	OFFSET(TF_RDI, struct trapframe, rdi);
	OFFSET(TF_RSI, struct trapframe, rsi);
	OFFSET(TF_RBP, struct trapframe, rbp);
	OFFSET(TF_RBX, struct trapframe, rbx);
	OFFSET(TF_RDX, struct trapframe, rdx);
	OFFSET(TF_RCX, struct trapframe, rcx);
	OFFSET(TF_RAX, struct trapframe, rax);
	OFFSET(TF_ERROR, struct trapframe, error);
	OFFSET(TF_RIP, struct trapframe, rip);
	OFFSET(TF_CS, struct trapframe, cs);
	OFFSET(TF_RFLAGS, struct trapframe, rflags);
	OFFSET(TF_RSP, struct trapframe, rsp);
	OFFSET(TF_SS, struct trapframe, ss);
	VALUE(TF_SIZE, sizeof(struct trapframe));

	OFFSET(SF_RDI, struct syscall_frame, rdi);
	OFFSET(SF_RSI, struct syscall_frame, rsi);
	OFFSET(SF_RDX, struct syscall_frame, rdx);
	OFFSET(SF_R10, struct syscall_frame, r10);
	OFFSET(SF_R8, struct syscall_frame, r8);
	OFFSET(SF_R9, struct syscall_frame, r9);
	OFFSET(SF_R12, struct syscall_frame, r12);
	OFFSET(SF_R13, struct syscall_frame, r13);
	OFFSET(SF_RAX, struct syscall_frame, rax);
	OFFSET(SF_RIP, struct syscall_frame, rip);
	OFFSET(SF_RFLAGS, struct syscall_frame, rflags);
	OFFSET(SF_RSP, struct syscall_frame, rsp);
	VALUE(SYSCALL_FRAME_SIZE, sizeof(struct syscall_frame));

	OFFSET(SK_RBP, struct syscall_kept, rbp);
	OFFSET(SK_R15, struct syscall_kept, r15);
	OFFSET(SK_R14, struct syscall_kept, r14);
	OFFSET(SK_RBX, struct syscall_kept, rbx);
	OFFSET(SK_RDX, struct syscall_kept, rdx);
	OFFSET(SK_RSI, struct syscall_kept, rsi);
	OFFSET(SK_RDI, struct syscall_kept, rdi);
	VALUE(SYSCALL_KEPT_SIZE, sizeof(struct syscall_kept));
	VALUE(DIRECT_LAST, SYSCALL_DIRECT_COUNT - 1);
	OFFSET(LOCK_SERVING, struct spinlock, serving);

	OFFSET(AP_GDT_LIMIT, struct ap_params, gdt_limit);
	OFFSET(AP_TRAMPOLINE_CR3, struct ap_params, trampoline_cr3);
	OFFSET(AP_CR4, struct ap_params, cr4);
	OFFSET(AP_LACKS_LA57, struct ap_params, lacks_la57);
	OFFSET(AP_EFER, struct ap_params, efer);
	OFFSET(AP_CR3, struct ap_params, cr3);
	OFFSET(AP_STACK, struct ap_params, stack);
	OFFSET(AP_GS_BASE, struct ap_params, gs_base);
	OFFSET(AP_LONG_JUMP, struct ap_params, long_jump_offset);
	OFFSET(AP_KERNEL_ENTRY, struct ap_params, kernel_entry);
	VALUE(AP_PARAMS, AP_PARAMS_OFFSET);
}
