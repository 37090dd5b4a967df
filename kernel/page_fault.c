/* SPDX-License-Identifier: MIT */
/*
 * kernel/page_fault.c - faults at user addresses.
 *
 * First what is likely in user mode, a page of private memory that nobody has touched, since to
 * find out whether an entry of the top level is missing would cost it more than it costs others:
 * a page that is filled in below a missing entry faults once more, and would have had to be filled
 * in too.  That no region has the address is known then, too, and a pager asked.  Then what needs
 * no lock: an entry that is missing in this CPU's copy of the top level. Which mm it is copied
 * from, the loaded slot says, never the thread: a fault may come between the two in a switch.  Then
 * the regions, which needs the mm's lock and so interrupts on: with interrupts off a copy that
 * needs more than the top level fails.
 */
#include "arch/x86_64/irq.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/upcall.h"
#include "kernel/fault_message.h"
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

/* What the regions say; interrupts are on meanwhile.  0 or an error. */
static int fault_in_regions(struct mm *mm, vaddr_t va, u64 error) REQUIRES(irqs_off)
{
	int err;

	irq_enable();
	err = mm_fault(mm, va, access_of(error));
	irq_disable();
	return err;
}

/* Of an access of user mode's to nothing, that is no fetch. */
static ALWAYS_INLINE bool may_be_quick(u64 error)
{
	return (error & ~(u64)PF_WRITE) == PF_USER;
}

static ALWAYS_INLINE enum fault_quick fault_quickly(struct mm *mm, vaddr_t va, u64 error)
	REQUIRES(irqs_off)
{
	if (unlikely(!may_be_quick(error) || mm == NULL))
		return FAULT_NOT_QUICKLY;
	return mm_fault_quick(mm, va, error & PF_WRITE ? FAULT_WRITE : FAULT_READ);
}

/*
 * The regions say nothing of a fault in user mode: the pager, if there is one.  What it has mapped
 * is filled in by now (mm_map_quick()), or will be when the access faults again.
 */
static int ask_pager(const struct trapframe *f, vaddr_t va) REQUIRES(irqs_off)
{
	return current->user == NULL ? -EFAULT : fault_message(f, va, access_of(f->error));
}

/* @err, for a fault in user mode: may the access be tried again? */
static bool user_fault_ends(vaddr_t va, int err)
{
	current->fault_error = err; /* what the thread ends with */
	current->fault_address = va;
	return err == 0;
}

static bool user_fault(const struct trapframe *f, struct mm *mm, vaddr_t va) REQUIRES(irqs_off)
{
	int err = fault_in_regions(mm, va, f->error);

	if (unlikely(err == -EFAULT))
		err = ask_pager(f, va);
	return user_fault_ends(va, err);
}

static NOINLINE bool fault_slowly(struct trapframe *f, vaddr_t va, struct mm *mm) REQUIRES(irqs_off)
{
	if (f->error & PF_RSVD)
		return false;
	if (!(f->error & PF_PRESENT) && fill_top_level(va))
		return true;
	if (mm == NULL || !(f->rflags & RFLAGS_IF))
		return false;
	if (from_user(f))
		return user_fault(f, mm, va);
	/* The kernel may not fetch there, and reads only by copies, which a fix-up covers. */
	return fault_in_regions(mm, va, f->error) == 0;
}

/* Of an access of the kernel's to nothing. */
static bool may_lack_the_top(u64 error)
{
	return (error & ~(u64)PF_WRITE) == 0;
}

static NOINLINE bool fault_in_mm(struct trapframe *f, vaddr_t va) REQUIRES(irqs_off)
{
	struct mm *mm = current != NULL ? current->mm : NULL;

	enum fault_quick done = fault_quickly(mm, va, f->error);

	if (likely(done == FAULT_DONE))
		return true;
	if (likely(done == FAULT_NO_REGION))
		return user_fault_ends(va, ask_pager(f, va));
	return fault_slowly(f, va, mm);
}

bool trap_page_fault(struct trapframe *f, vaddr_t va)
{
	if (may_lack_the_top(f->error) && fill_top_level(va))
		return true;
	return fault_in_mm(f, va);
}
