/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/ipi.c - see ipi.h.
 *
 * Each CPU has one call it can have under way, and a mask of the CPUs that want
 * something of it:
 *
 *	caller					target
 *	fills its call				takes its mask, emptying it (xchg)
 *	sets its bit in each target's mask	for each bit: runs that CPU's call,
 *	sends the IPI				  then counts it down
 *	waits for the count to be 0
 *
 * The locked set of the bit releases the call to the target, whose xchg acquires it;
 * the locked count-down releases what the function did, and the caller's last read of
 * the count acquires it.  A bit set again before the IPI comes costs a call nothing: a
 * target that finds its mask empty returns.  All of it lies at shared addresses.
 *
 * A CPU leaves.  What must not happen: a caller waits for a CPU that is gone, or goes on
 * although that CPU still uses what the call was about.
 *
 *	caller, interrupts off			the CPU that leaves, interrupts off
 *
 *	 1 reads cpus_online			 a loads the neutral PGD
 *	 2 sets its bit in each target's mask	 b clears its bit in cpus_online (locked)
 *	then on, and waits			 c serves calls until it is told that d is over
 *
 *	 d (whoever takes it down, after b): calls all CPUs in cpus_online, and waits
 *	 e (the CPU, after d): serves what it still finds
 *
 *  - d's call interrupts each CPU outside 1 and 2, so when it is over every CPU that read
 *    the bit before b has set its own by then, and e (or c) serves it.  One that reads
 *    after b leaves the CPU out.  Nobody waits for it after e.
 *  - One that leaves it out has seen b, so a is done (CR3 writes serialise): nothing of any
 *    address space is loaded there, nothing was kept that could be used without a flush, and
 *    nothing is loaded from a on, because only the idle thread runs.
 *  - An interrupt that 2 announced may be sent after e, to a CPU that is parked: one waiting
 *    for SIPI drops it; the boot CPU, which halts, takes it when it is back and finds an empty
 *    mask.  So for the other vectors, whose handlers all look for something to do.
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/ipi.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/spinlock.h"
#include "arch/x86_64/trap.h"
#include "lib/assert.h"
#include "lib/err.h"

struct cpumask cpus_online;

static struct call {
	ipi_fn fn;
	void *arg;
	u32 pending; /* targets that have not finished (atomic) */
	bool busy;   /* the caller's own: catches re-entry */
} ALIGNED(64) calls[MAX_CPUS];

static struct wanted {
	struct cpumask by; /* atomic */
} ALIGNED(64) wanted[MAX_CPUS];

static void run_calls_of_word(u32 first, u64 callers)
{
	while (callers != 0) {
		struct call *c = &calls[first + (u32)__builtin_ctzl(callers)];

		callers &= callers - 1;
		c->fn(c->arg);
		__atomic_fetch_sub(&c->pending, 1, __ATOMIC_RELEASE);
	}
}

void ipi_serve(void)
{
	struct cpumask *by = &wanted[cpu_id].by;

	for (u32 w = 0; w < ARRAY_SIZE(by->bits); w++)
		if (READ_ONCE(by->bits[w]) != 0)
			run_calls_of_word(w * 64,
					  __atomic_exchange_n(&by->bits[w], 0, __ATOMIC_ACQUIRE));
}

static void serve_calls(struct trapframe *f) REQUIRES(irqs_off)
{
	(void)f;
	ipi_serve();
}

void ipi_init(void)
{
	irq_set_handler(IRQ_CALL, serve_calls);
}

void ipi_join(void)
{
	cpumask_set_atomic(&cpus_online, cpu_id);
}

void ipi_leave(void)
{
	cpumask_clear_atomic(&cpus_online, cpu_id);
}

static void nothing(void *unused)
{
	(void)unused;
}

void ipi_wait_for_callers(void)
{
	run_on_cpus(&cpus_online, nothing, NULL);
}

static void check_caller(const void *arg)
{
	ASSERT(irqs_enabled(), "CPU %u: run_on_cpus with interrupts off", cpu_id);
	ASSERT(irq_depth == 0 && nmi_depth == 0, "CPU %u: run_on_cpus in an interrupt", cpu_id);
	ASSERT(spin_may_wait_for_cpus(), "CPU %u: run_on_cpus with a lock that others spin on",
	       cpu_id);
	ASSERT(!is_cpu_local((vaddr_t)arg), "CPU %u: run_on_cpus with CPU-local address %p", cpu_id,
	       arg);
}

/*
 * Choose the CPUs of @mask that are online, and set this CPU's bit in each one's mask but
 * its own.  Interrupts off from the first to the second: see the top.
 */
static void choose(const struct cpumask *mask, struct cpumask *targets, struct call *c, u32 self)
{
	u64 flags = irq_save();
	u32 cpu, n = 0;

	cpumask_and(targets, mask, &cpus_online);
	for_each_cpu (cpu, targets)
		n += cpu != self;
	__atomic_store_n(&c->pending, n, __ATOMIC_RELAXED); /* before any bit is set */
	for_each_cpu (cpu, targets)
		if (cpu != self)
			cpumask_set_atomic(&wanted[cpu].by, self);
	irq_restore(flags);
}

static void interrupt_others(const struct cpumask *targets, u32 self)
{
	u32 cpu;

	for_each_cpu (cpu, targets)
		if (cpu != self)
			apic_send_ipi(cpus[cpu].apic_id, IRQ_CALL);
}

/* run_on_cpus(); @targets: those that it ran on. */
static void call(const struct cpumask *mask, struct cpumask *targets, ipi_fn fn, void *arg)
{
	struct call *c;
	u32 self;

	if (CONFIG_DEBUG)
		check_caller(arg);
	preempt_disable();
	self = cpu_id;
	c = &calls[self];
	ASSERT(!c->busy, "CPU %u: run_on_cpus inside run_on_cpus", self);
	c->busy = true;
	c->fn = fn;
	c->arg = arg;
	choose(mask, targets, c, self);
	interrupt_others(targets, self);
	if (cpumask_test(targets, self)) {
		u64 flags = irq_save();

		fn(arg);
		irq_restore(flags);
	}
	while (__atomic_load_n(&c->pending, __ATOMIC_ACQUIRE) != 0)
		cpu_pause();
	c->busy = false;
	preempt_enable();
}

void run_on_cpus(const struct cpumask *mask, ipi_fn fn, void *arg)
{
	struct cpumask targets;

	call(mask, &targets, fn, arg);
}

int run_on_cpu(u32 cpu, ipi_fn fn, void *arg)
{
	struct cpumask one = { 0 }, targets;

	if (cpu >= MAX_CPUS)
		return -ENODEV;
	cpumask_set(&one, cpu);
	call(&one, &targets, fn, arg);
	return cpumask_test(&targets, cpu) ? 0 : -ENODEV;
}
