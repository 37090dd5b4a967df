/* SPDX-License-Identifier: MIT */
/*
 * kernel/fault.c - exceptions that no fix-up covers: say what it was, in words.
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/layout.h"
#include "arch/x86_64/probe.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/trap.h"
#include "arch/x86_64/upcall.h"
#include "arch/x86_64/user_call.h"
#include "kernel/panic.h"
#include "kernel/task.h"
#include "lib/err.h"
#include "lib/log.h"

static const char *const names[VECTOR_EXCEPTIONS] = {
	[0] = "divide error",
	[1] = "debug exception",
	[2] = "NMI",
	[3] = "breakpoint",
	[4] = "overflow",
	[5] = "bound range",
	[6] = "invalid opcode",
	[7] = "no FPU",
	[8] = "double fault",
	[10] = "invalid TSS",
	[11] = "segment not there",
	[12] = "stack fault",
	[13] = "general protection",
	[14] = "page fault",
	[16] = "x87 error",
	[17] = "alignment check",
	[18] = "machine check",
	[19] = "SIMD error",
	[20] = "virtualization",
	[21] = "control protection",
};

/* Is @va in the guard below a kernel stack? */
static bool in_stack_guard(vaddr_t va)
{
	extern const u8 boot_stack_guard[]; /* entry.asm */

	return (va >= STACKS_BASE && va < STACKS_END) || va - (vaddr_t)boot_stack_guard < PAGE_SIZE;
}

static void NORETURN page_fault(const struct trapframe *f)
{
	vaddr_t va = read_cr2();

	panic_exception(f, "page fault: %s of %p by %s: %s", //
			f->error & PF_FETCH   ? "fetch"
			: f->error & PF_WRITE ? "write"
					      : "read",
			(void *)va, f->error & PF_USER ? "user mode" : "the kernel",
			f->error & PF_RSVD	? "reserved bit in the tables"
			: f->error & PF_PRESENT ? "not allowed"
						: "nothing mapped");
}

/* A task's own fault ends its thread. */
static NORETURN void end_user_thread(const struct trapframe *f, const char *name) REQUIRES(irqs_off)
{
	bool tried = f->vector == VECTOR_PF && current->fault_error != 0;
	vaddr_t va = tried ? current->fault_address : read_cr2();
	int status = tried ? current->fault_error : -EFAULT;

	if (status == -ENOMEM)
		printk("%s: no memory, or no more for this task, at %#lx: the thread ends\n",
		       current->user->task->name, va);
	else if (f->vector == VECTOR_PF)
		printk("%s: page fault at %#lx (error %#lx) in %#lx: the thread ends\n",
		       current->user->task->name, va, f->error, f->rip);
	else
		printk("%s: %s (vector %lu, error %#lx) in %#lx: the thread ends\n",
		       current->user->task->name, name ? name : "unexpected interrupt", f->vector,
		       f->error, f->rip);
	irq_enable();
	user_thread_exit(status);
}

void trap_fault(struct trapframe *f)
{
	const char *name = f->vector < VECTOR_EXCEPTIONS ? names[f->vector] : NULL;

	if (trap_from_user(f) && user_call_active())
		user_call_finish(PROBE_FAULT(f->vector, f->error));
	if (trap_from_user(f) && current->user != NULL && nmi_depth == 0)
		end_user_thread(f, name);
	if (f->vector == VECTOR_PF)
		page_fault(f);
	if (f->vector == VECTOR_DF && in_stack_guard(read_cr2()))
		panic_exception(f, "kernel stack overflow at %p", (void *)read_cr2());
	panic_exception(f, "%s (vector %lu, error %#lx)", name ? name : "unexpected interrupt",
			f->vector, f->error);
}
