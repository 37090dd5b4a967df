/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/trap.c - sort interrupts and exceptions: fix-ups and device vectors here,
 * the rest up (upcall.h).
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/cpuid.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/probe.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/syscall.h"
#include "arch/x86_64/tlb_mailbox.h"
#include "arch/x86_64/trap.h"
#include "arch/x86_64/upcall.h"
#include "arch/x86_64/user_call.h"
#include "lib/assert.h"

#define IRQ_VECTORS 256

DEFINE_PER_CPU(u64, kernel_stack_top);
DEFINE_PER_CPU(u64, user_call_stack);
DEFINE_PER_CPU(u32, irq_depth);
DEFINE_PER_CPU(u32, nmi_depth);

irq_handler_fn nmi_hook;
static irq_handler_fn handlers[IRQ_VECTORS];

void trap(struct trapframe *f) REQUIRES(irqs_off); /* trap.asm calls it */

extern const struct fixup fixups_begin[], fixups_end[];

void irq_set_handler(u8 vector, irq_handler_fn fn)
{
	ASSERT(vector >= VECTOR_EXCEPTIONS, "vector %u is an exception's", vector);
	handlers[vector] = fn;
}

static const struct fixup *fixup_find(u64 rip)
{
	for (const struct fixup *x = fixups_begin; x < fixups_end; x++)
		if ((u64)&x->fault + (u64)(s64)x->fault == rip)
			return x;
	return NULL;
}

/* Continue behind an access that was expected to fault.  Was it one? */
static bool fix_up(struct trapframe *f)
{
	const struct fixup *x = fixup_find(f->rip);

	if (x == NULL && f->vector == VECTOR_PF && f->rip == read_cr2()) {
		/* A fetch: the call's return address names the place, and leaves the stack. */
		x = fixup_find(*(u64 *)f->rsp);
		if (x != NULL)
			f->rsp += sizeof(u64);
	}
	if (x == NULL)
		return false;
	f->rax = PROBE_FAULT(f->vector, f->error);
	f->rip = (u64)&x->landing + (u64)(s64)x->landing;
	return true;
}

static void exception(struct trapframe *f) REQUIRES(irqs_off)
{
	vaddr_t va = f->vector == VECTOR_PF ? tlb_fault_address(f) : USER_END;

	if (va < USER_END && trap_page_fault(f, va))
		return;
	if (!trap_from_user(f) && fix_up(f))
		return;
	trap_fault(f);
}

static void nmi(struct trapframe *f)
{
	irq_handler_fn hook = READ_ONCE(nmi_hook);

	smp_nmi(f);
	trap_nmi(f);
	if (unlikely(hook != NULL))
		hook(f);
}

/* #DB of user mode is an exception like others: trap.asm has left the IST stack. */
static bool is_unmaskable(const struct trapframe *f)
{
	return f->vector == VECTOR_NMI || f->vector == VECTOR_DF || f->vector == VECTOR_MC ||
	       (f->vector == VECTOR_DB && !from_user(f));
}

/*
 * A user's single step into SYSCALL: some CPUs, and Bochs, trap behind the instruction, in the
 * kernel, where the trap flag is off again.  It is the user's and has no consequence.
 */
static bool is_step_into_syscall(const struct trapframe *f)
{
	return f->vector == VECTOR_DB &&
	       (f->rip == (u64)syscall_entry || f->rip == (u64)syscall_entry_isolated);
}

/* Handlers that may interrupt anything, themselves aside. */
static void unmaskable(struct trapframe *f) REQUIRES(irqs_off)
{
	this_cpu_inc(nmi_depth);
	if (f->vector == VECTOR_NMI)
		nmi(f);
	else if (!is_step_into_syscall(f))
		trap_fault(f);
	this_cpu_dec(nmi_depth);
}

static void interrupt(struct trapframe *f) REQUIRES(irqs_off)
{
	u32 mappings = 0;

	this_cpu_inc(irq_depth);
	if (CONFIG_DEBUG)
		mappings = trap_check();
	if (handlers[f->vector] != NULL)
		handlers[f->vector](f);
	else
		trap_fault(f);
	if (CONFIG_DEBUG)
		trap_check_end((u8)f->vector, mappings);
	if (f->vector > IRQ_LEGACY_LAST && f->vector != IRQ_SPURIOUS)
		apic_eoi(); /* spurious ones are in service nowhere */
	this_cpu_dec(irq_depth);
	if (unlikely(need_resched) && preempt_count == 0 && irq_depth == 0 && !trap_from_user(f))
		preempt_in_interrupt(); /* before user mode, trap_prepare_user() looks */
}

void trap(struct trapframe *f)
{
	if (cpu_features.smap)
		clac(); /* a user's flag, or that of a copy that was interrupted */
	if (f->vector == VECTOR_PF)
		exception(f);
	else if (f->vector >= VECTOR_EXCEPTIONS)
		interrupt(f);
	else if (is_unmaskable(f))
		unmaskable(f);
	else
		exception(f);
}
