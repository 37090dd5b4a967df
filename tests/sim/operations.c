/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/operations.c - see operations.h.
 */
#include "arch/x86_64/irq.h"
#include "arch/x86_64/pti.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/upcall.h"
#include "kernel/fault_message.h"
#include "kernel/thread.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/asid.h"
#include "mm/counters.h"
#include "mm/pgd.h"
#include "mm/switch.h"
#include "tests/sim/machine.h"
#include "tests/sim/operations.h"
#include "tests/sim/tlb.h"

#define LIVING_MAX 32u /* address spaces, with those that are dying */
#define TRIES_MAX  60u /* of one access */

struct living {
	u64 ctx_id; /* 0: free */
	const pte_t *reference;
	u32 lazy_faults[SIM_CPUS_MAX];
	u64 bindings[SIM_CPUS_MAX]; /* counts of slots set up, when lazy_faults was 0 */
};

/* What runs on each CPU; of a thread only its mm counts here. */
static struct thread threads[MAX_CPUS];
DEFINE_PER_CPU(struct thread *, current);

static struct living living[LIVING_MAX];

void operations_begin(void)
{
	memset(living, 0, sizeof(living));
	memset(threads, 0, sizeof(threads));
}

void thread_begin(u32 cpu)
{
	current = &threads[cpu];
}

struct mm *thread_mm(void)
{
	return current->mm;
}

static struct living *living_of(u64 ctx_id)
{
	for (u32 i = 0; i < LIVING_MAX; i++)
		if (living[i].ctx_id == ctx_id)
			return &living[i];
	return NULL;
}

const pte_t *living_reference_of(u64 ctx_id)
{
	const struct living *l = living_of(ctx_id);

	return l == NULL ? NULL : l->reference;
}

struct mm *born(struct mm *mm)
{
	struct living *l = living_of(0);

	ASSERT(mm != NULL && l != NULL, "no address space");
	*l = (struct living){ .ctx_id = mm->ctx_id, .reference = mm->reference };
	return mm;
}

void put(struct mm *mm)
{
	struct living *l = living_of(mm->ctx_id);
	bool last;

	sim_locked_point(mm);
	last = mm->users == 1;
	if (last)
		sim_trace("mm %lu ends", mm->ctx_id, 0, 0, 0);
	sim_operation_begin();
	mm_put(mm);
	sim_operation_end();
	if (last)
		l->ctx_id = 0;
}

/* --- accesses ------------------------------------------------------------------------------ */

/* R10: an entry comes lazily to a CPU at most once while the mm lives (fill=setup), or
 * once in each binding. */
static void count_lazy(u64 ctx_id)
{
	struct living *l = living_of(ctx_id);
	u64 bindings = this_cpu_read(event_counts[SLOTS_SET_UP]);

	if (fill_policy == FILL_TOUCH && l->bindings[cpu_id] != bindings) {
		l->bindings[cpu_id] = bindings;
		l->lazy_faults[cpu_id] = 0;
	}
	if (pgd_kind == PGD_COPY && fill_policy == FILL_TOUCH)
		return; /* bound anew, as it were, at each switch */
	if (++l->lazy_faults[cpu_id] > TOPS_MAX)
		sim_fail("R10: CPU %u: %u lazy faults on mm %lu, which uses %u entries", cpu_id,
			 l->lazy_faults[cpu_id], ctx_id, TOPS_MAX);
}

/* No simulated thread is a task's. */
int fault_message(const struct trapframe *f, vaddr_t va, enum fault_access access)
{
	(void)f;
	(void)access;
	sim_fail("CPU %u: a pager is asked for %#lx", cpu_id, va);
}

/* A fault, as the hardware brings it.  May the access be tried again? */
static bool fault(const struct tlb_use *u, bool irqs)
{
	/* With interrupts on it is user mode's. */
	struct trapframe f = { .error = (u->write ? PF_WRITE : 0) | (u->present ? PF_PRESENT : 0) |
					(irqs ? PF_USER : 0),
			       .rflags = irqs ? RFLAGS_IF : 0 };
	u64 lazy = this_cpu_read(event_counts[LAZY_FAULTS]), ctx_id = cpu_tlb.loaded_ctx;
	bool again, user = sim_in_user();

	irq_disable();
	if (user)
		sim_leave_user();
	sim_operation_begin();
	again = trap_page_fault(&f, u->va);
	if (this_cpu_read(event_counts[LAZY_FAULTS]) != lazy)
		count_lazy(ctx_id);
	sim_operation_end();
	if (user)
		sim_enter_user();
	sim_drain(); /* IRET */
	if (irqs)
		irq_enable();
	return again;
}

void touch(vaddr_t va, bool write)
{
	struct tlb_use u = { .cpu = cpu_id, .va = va, .write = write };
	bool irqs = irqs_enabled();

	for (u32 tries = 0; tries < TRIES_MAX; tries++) {
		sim_outside(tlb_use, &u);
		if (u.ok || !fault(&u, irqs))
			return;
	}
	sim_fail("CPU %u: %#lx faults again and again", cpu_id, va);
}

/* --- changes -------------------------------------------------------------------------------- */

void map_range(struct mm *mm, vaddr_t start, u64 size, u32 flags)
{
	struct map_request q = { .start = start,
				 .size = size,
				 .flags = REGION_READ | REGION_WRITE | flags,
				 .kind = REGION_ANON };

	sim_trace("map mm %lu %lx", mm->ctx_id, q.start, 0, 0);
	if (mm_map(mm, &q) != 0)
		sim_trace("  is there", 0, 0, 0, 0);
}

void unmap(struct mm *mm, vaddr_t start, vaddr_t end)
{
	sim_trace("unmap mm %lu %lx - %lx", mm->ctx_id, start, end, 0);
	sim_operation_begin();
	if (mm_unmap(mm, start, end) != 0)
		sim_fail("unmap %#lx - %#lx fails", start, end);
	sim_operation_end();
	sim_trace("unmapped mm %lu %lx - %lx", mm->ctx_id, start, end, 0);
}

void protect(struct mm *mm, vaddr_t start, vaddr_t end, u32 rights)
{
	sim_trace("protect mm %lu %lx - %lx to %lx", mm->ctx_id, start, end, rights);
	sim_operation_begin();
	if (mm_protect(mm, start, end, rights) != 0)
		sim_fail("protect %#lx - %#lx fails", start, end);
	sim_operation_end();
	sim_trace("protected mm %lu %lx - %lx to %lx", mm->ctx_id, start, end, rights);
}

struct mm *forked(struct mm *mm)
{
	struct mm *child;

	sim_operation_begin();
	child = born(mm_fork(mm));
	sim_operation_end();
	sim_trace("mm %lu forked from %lu", child->ctx_id, mm->ctx_id, 0, 0);
	return child;
}

/* --- switches --------------------------------------------------------------------------------- */

void switch_to(struct mm *next, vaddr_t interrupt)
{
	struct mm *old = current->mm;

	mm_get(next);
	sim_trace("switch to mm %lu", next->ctx_id, 0, 0, 0);
	irq_disable();
	current->mm = next;
	if (interrupt != NO_ADDRESS)
		touch(interrupt, false);
	switch_mm(next);
	irq_enable();
	if (old != NULL)
		put(old);
}

void go_lazy(void)
{
	struct mm *old = current->mm;

	sim_trace("no mm, lazily", 0, 0, 0, 0);
	current->mm = NULL;
	if (old != NULL)
		put(old);
}

void go_neutral(void)
{
	go_lazy();
	sim_trace("neutral", 0, 0, 0, 0);
	irq_disable();
	switch_to_neutral();
	irq_enable();
}

void give_back(void)
{
	irq_disable();
	sim_trace("gives %lu back", asid_give_back(), 0, 0, 0);
	irq_enable();
}

void leave_and_return(void)
{
	irq_disable();
	sim_trace("leaves", 0, 0, 0, 0);
	asid_release_cpu();
	ASSERT(asid_prepare_cpu(cpu_id) == 0, "no memory for CPU %u", cpu_id);
	irq_enable();
}
