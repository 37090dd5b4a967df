/* SPDX-License-Identifier: MIT */
/*
 * kernel/page_fault.c - faults at user addresses.
 *
 * First what needs no lock: an entry that is missing in this CPU's copy of the top level.
 * Which mm it is copied from, the loaded slot says, never the thread: a fault may come
 * between the two in a switch.  Then the regions, which needs the mm's lock and so
 * interrupts on: with interrupts off a copy that needs more than the top level fails.
 */
#include "arch/x86_64/irq.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/upcall.h"
#include "kernel/thread.h"
#include "lib/err.h"
#include "mm/asid.h"
#include "mm/counters.h"
#include "mm/pgd.h"
#include "mm/trace.h"

static bool fill_top_level(vaddr_t va) REQUIRES(irqs_off)
{
	struct slot *s = cpu_tlb.loaded;

	if (s == NULL || !pgd_fill(s, pt_index(va, PT_LEVEL_TOP)))
		return false;
	count_event(LAZY_FAULTS);
	trace(TRACE_LAZY_COPY, cpu_tlb.loaded_ctx, va);
	return true;
}

static enum fault_access access_of(u64 error)
{
	return error & PF_FETCH ? FAULT_EXEC : error & PF_WRITE ? FAULT_WRITE : FAULT_READ;
}

bool trap_page_fault(const struct trapframe *f, vaddr_t va)
{
	struct mm *mm;
	int err;

	if (f->error & PF_RSVD)
		return false;
	if (!(f->error & PF_PRESENT) && fill_top_level(va))
		return true;
	mm = current != NULL ? current->mm : NULL;
	if (mm == NULL || !(f->rflags & RFLAGS_IF))
		return false;
	/* The kernel may not fetch there, and reads only by copies, which a fix-up covers. */
	irq_enable();
	err = mm_fault(mm, va, access_of(f->error));
	irq_disable();
	if (from_user(f))
		current->fault_error = err; /* what the thread ends with */
	return err == 0;
}
