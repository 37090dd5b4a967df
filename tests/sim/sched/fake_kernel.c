/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/sched/fake_kernel.c - what the scheduler needs and is not under test: spinlocks
 * that turn preemption off, interrupts that may end in a switch of threads, timers in simulated
 * time, stacks.
 *
 * Whoever calls code under test here may come back on another CPU.
 */
#include <stdio.h>

#include "arch/x86_64/apic.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/migrate.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/switch.h"
#include "arch/x86_64/time.h"
#include "arch/x86_64/trap.h"
#include "arch/x86_64/upcall.h"
#include "arch/x86_64/user_call.h"
#include "kernel/mutex.h"
#include "kernel/run_queue.h"
#include "kernel/sched.h"
#include "kernel/timer.h"
#include "lib/assert.h"
#include "lib/ksyms.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mm/kmap.h"
#include "mm/kspace.h"
#include "mm/slab.h"
#include "tests/sim/operations.h"
#include "tests/sim/driver.h"
#include "tests/sim/sanitizer.h"
#include "tests/sim/sched/fake_kernel.h"
#include "tests/sim/schedule.h"
#include "tests/sim/vcpu.h"

#define STACKS	    48u
#define TIMERS_MAX  64u
#define NS_PER_STEP 20000u /* a tick is some hundred steps */

/* Interrupts that are pending: bits of vcpu.callers. */
#define PENDING_RESCHEDULE 1u
#define PENDING_TIMER	   2u

DEFINE_PER_CPU(u32, irq_depth);
DEFINE_PER_CPU(u32, nmi_depth);
DEFINE_PER_CPU(u32, need_resched);
DEFINE_PER_CPU(u32, migrate_count);
DEFINE_PER_CPU(u64, migrate_site);
DEFINE_PER_CPU(u64, kernel_stack_top);
DEFINE_PER_CPU(u64, user_call_stack);
DEFINE_PER_CPU(u32, kmap_depth);
DEFINE_PER_CPU(u32, kmap_bias);

/* --- spinlocks ------------------------------------------------------------------------------- */

void spin_init(struct spinlock *l, const char *name, enum lock_rank rank)
{
	*l = (struct spinlock)SPINLOCK_INIT(name, rank);
}

static void take(struct spinlock *l)
{
	sim_drain();
	l->holder = running + 1;
}

void spin_lock(struct spinlock *l)
{
	preempt_disable();
	point();
	while (l->holder != 0)
		wait_for(&l->holder);
	take(l);
}

bool spin_trylock(struct spinlock *l)
{
	preempt_disable();
	point();
	if (l->holder == 0) {
		take(l);
		return true;
	}
	preempt_enable();
	return false;
}

void spin_unlock(struct spinlock *l)
{
	const u32 free = 0;

	ASSERT(spin_held(l), "lock %s is not held", l->name);
	sim_store(&l->holder, &free, sizeof(free));
	preempt_enable();
}

u64 spin_lock_irqsave(struct spinlock *l)
{
	u64 flags = irq_save();

	spin_lock(l);
	return flags;
}

void spin_unlock_irqrestore(struct spinlock *l, u64 flags)
{
	spin_unlock(l);
	irq_restore(flags);
	preempt_if_needed();
}

bool spin_held(const struct spinlock *l)
{
	return l->holder == running + 1;
}

bool spin_only_held(const struct spinlock *l)
{
	return spin_held(l);
}

void percpu_check_stays(void)
{
	ASSERT(!irqs_enabled() || preempt_count != 0 || migrate_count != 0,
	       "this_cpu_ptr() where a thread may be moved");
}

/* --- interrupts ------------------------------------------------------------------------------ */

static irq_handler_fn on_reschedule;

void irq_set_handler(u8 vector, irq_handler_fn fn)
{
	ASSERT(vector == IRQ_RESCHEDULE, "vector %#x", vector);
	on_reschedule = fn;
}

void apic_send_ipi(u32 id, u8 vector)
{
	ASSERT(vector == IRQ_RESCHEDULE, "vector %#x", vector);
	point();
	sim_drain();
	vcpus[id].callers |= PENDING_RESCHEDULE;
	schedule_look();
}

static void run_timers(u32 cpu);

static void serve_one(u32 pending)
{
	struct trapframe f = { .rflags = RFLAGS_IF };

	irq_depth++;
	if (pending & PENDING_TIMER)
		run_timers(running);
	if (pending & PENDING_RESCHEDULE)
		on_reschedule(&f);
	irq_depth--;
	sim_drain();
	if (need_resched && preempt_count == 0)
		preempt_in_interrupt();
}

void serve_calls(void)
{
	while (vcpus[running].callers != 0 && vcpus[running].irqs_on) {
		struct vcpu *v = &vcpus[running];
		const u32 *waiting = v->waiting;
		u32 pending = v->callers;

		v->callers = 0;
		v->irqs_on = false;
		v->waiting = NULL;
		serve_one(pending);
		vcpus[running].irqs_on = true;
		vcpus[running].waiting = waiting; /* who spins stays on its CPU */
	}
}

void point_slow(void)
{
	if (cpu_id != running)
		sim_fail("the host lost GS");
	serve_calls();
	if (vcpus[running].clock < vcpus[running].stop_at)
		return;
	give_way();
	serve_calls();
}

bool sim_irqs_on(void)
{
	return running == SIM_NOBODY || vcpus[running].irqs_on;
}

void sim_set_irqs(bool on)
{
	if (running == SIM_NOBODY)
		return;
	vcpus[running].irqs_on = on;
	point();
}

static const u32 halted =
	1; /* what a CPU waits for that halts: not for ever, an interrupt ends it */

void irq_enable_and_halt(void)
{
	vcpus[running].irqs_on = true;
	vcpus[running].waiting = &halted;
	vcpus[running].clock++;
	while (vcpus[running].callers == 0)
		give_way();
	vcpus[running].waiting = NULL;
	serve_calls();
}

/* --- timers ---------------------------------------------------------------------------------- */

static struct timer *timers[TIMERS_MAX];
static struct timer *expiring[SIM_CPUS_MAX]; /* whose function runs on CPU n, ... */
static u32 is_expiring[SIM_CPUS_MAX];	     /* and that one does */
static u64 skipped_ns, first_step;

u64 time_ns(void)
{
	return skipped_ns + (sim_steps - first_step) * NS_PER_STEP;
}

void timer_init_cpu(u32 cpu)
{
	(void)cpu;
}

void timer_init(struct timer *t, timer_fn fn)
{
	*t = (struct timer){ .fn = fn };
}

void timer_init_pinned(struct timer *t, timer_fn fn)
{
	*t = (struct timer){ .fn = fn, .pinned = true };
}

static u32 place_of(const struct timer *t)
{
	u32 i = 0;

	while (i < TIMERS_MAX && timers[i] != t)
		i++;
	return i;
}

void timer_start(struct timer *t, u64 deadline)
{
	u32 i = place_of(NULL);

	ASSERT(i < TIMERS_MAX, "too many timers");
	t->deadline = deadline;
	t->cpu = running;
	timers[i] = t;
}

/* When it returns, the function of @t runs nowhere. */
bool timer_cancel(struct timer *t)
{
	u32 i;

	point();
	i = place_of(t);
	if (i < TIMERS_MAX) {
		timers[i] = NULL;
		return true;
	}
	preempt_disable();
	for (u32 cpu = 0; cpu < sim_options.cpus; cpu++)
		if (expiring[cpu] == t && is_expiring[cpu])
			wait_for(&is_expiring[cpu]);
	preempt_enable();
	return false;
}

static void run_timers(u32 cpu)
{
	for (u32 i = 0; i < TIMERS_MAX; i++) {
		struct timer *t = timers[i];

		if (t == NULL || t->cpu != cpu || t->deadline > time_ns())
			continue;
		timers[i] = NULL;
		expiring[cpu] = t;
		is_expiring[cpu] = 1;
		t->fn(t);
		is_expiring[cpu] = 0;
	}
}

/* Outside: those that are due come as interrupts; or it is all over. */
static void raise_timers(void)
{
	for (u32 cpu = 0; cpu < sim_options.cpus; cpu++)
		vcpus[cpu].done = fake_all_over && vcpus[cpu].waiting == &halted;
	for (u32 i = 0; i < TIMERS_MAX; i++)
		if (timers[i] != NULL && timers[i]->deadline <= time_ns())
			vcpus[timers[i]->cpu].callers |= PENDING_TIMER;
}

/* Everybody halts: the next deadline is now. */
static bool skip_time(void)
{
	u64 next = ~0ul;

	for (u32 i = 0; i < TIMERS_MAX; i++)
		if (timers[i] != NULL && timers[i]->deadline > time_ns())
			next = MIN(next, timers[i]->deadline);
	if (fake_all_over)
		return true;
	if (next == ~0ul)
		return false;
	skipped_ns += next - time_ns();
	raise_timers();
	return true;
}

/* --- stacks ---------------------------------------------------------------------------------- */

void switch_stacks(u64 *save, u64 load);

__asm__(".text\n"
	".globl switch_stacks\n"
	"switch_stacks:\n"
	"jmp sim_switch\n");

static char stacks[STACKS][STACK_BYTES] ALIGNED(4096);
static u32 stacks_used;

vaddr_t kspace_alloc_stack(void)
{
	char *stack = stacks[stacks_used++];

	ASSERT(stacks_used <= STACKS, "too many stacks");
	return (vaddr_t)(stack + STACK_BYTES);
}

void kspace_free_stack(vaddr_t top)
{
	(void)top;
}

u64 switch_new_stack(vaddr_t top, void (*begin)(void))
{
	u64 *sp = (u64 *)top;

	*--sp = 0;
	*--sp = (u64)begin;
	return (u64)(sp - SWITCH_SAVED_REGISTERS);
}

/* The idle thread of @cpu runs where its coroutine began. */
static void prepare_cpu(u32 cpu)
{
	struct thread *idle;

	*per_cpu_ptr(&cpu_id, cpu) = cpu;
	cpus[cpu].apic_id = cpu;
	ASSERT(sched_prepare_cpu(cpu) != 0, "no memory for CPU %u", cpu);
	idle = run_queues[cpu].idle;
	idle->stack_top = (vaddr_t)(vcpus[cpu].stack + STACK_BYTES);
	*(u64 *)(idle->stack_top - KERNEL_STACK_SIZE) = STACK_MAGIC;
	cpumask_set(&cpus_active, cpu);
}

bool fake_all_over;

void fake_kernel_reset(void)
{
	for (u32 i = 0; i < stacks_used; i++)
		unpoison(stacks[i], STACK_BYTES);
	stacks_used = 0;
	memset(timers, 0, sizeof(timers));
	memset(is_expiring, 0, sizeof(is_expiring));
	memset(run_queues, 0, sizeof(run_queues));
	memset(&cpus_active, 0, sizeof(cpus_active));
	memset(&cpus_idle, 0, sizeof(cpus_idle));
	skipped_ns = 0;
	first_step = sim_steps;
	fake_all_over = false;
	sim_options.each_turn = raise_timers;
	sim_options.when_all_wait = skip_time;
	for (u32 cpu = 0; cpu < sim_options.cpus; cpu++) {
		reset_coroutine(&vcpus[cpu]);
		vcpus[cpu].waiting = NULL;
		vcpus[cpu].done = false;
		prepare_cpu(cpu);
	}
}

/* sched_init() sets the handler; the threads it makes never run. */
__asm__(".bss\n"
	".balign 4096\n"
	".skip 65536\n"
	".globl boot_stack_top\n"
	"boot_stack_top:\n"
	".skip 16\n"
	".text\n");

void fake_kernel_init(void)
{
	sched_init();
}

/* --- what does nothing here --------------------------------------------------------------------
 */

void mutex_init_thread(struct thread *t)
{
	(void)t;
}

void mutex_check_exit(const struct thread *t)
{
	(void)t;
}

void mutex_set_base_priority(struct thread *t, u32 priority)
{
	t->base_priority = priority;
	sched_set_effective_priority(t, priority);
}

const char *ksym_find(u64 address, u64 *offset)
{
	*offset = address;
	return NULL;
}

size_t strlcpy(char *dst, const char *src, size_t size)
{
	return (size_t)snprintf(dst, size, "%s", src);
}

void printk(const char *fmt, ...)
{
	(void)fmt;
}

void kmem_cache_stats(struct kmem_cache *cache, struct kmem_cache_stats *stats)
{
	(void)cache;
	*stats = (struct kmem_cache_stats){ 0 };
}

void kmap_stack_init(struct kmap_stack *s)
{
	*s = (struct kmap_stack){ 0 };
}

void kmap_check_switch(void)
{
}

void kmap_take_down(struct kmap_stack *s)
{
	(void)s;
}

void kmap_put_up(struct kmap_stack *s)
{
	(void)s;
}

void kmap_panic_leak(const char *name, const char *what)
{
	panic("%s %s with a page mapped", name, what);
}

/* No address spaces here. */
u32 driver_addresses(void)
{
	return 0;
}

vaddr_t driver_address(u32 n)
{
	return n;
}

const pte_t *living_reference_of(u64 ctx_id)
{
	(void)ctx_id;
	return NULL;
}

void run_on_cpus(const struct cpumask *mask, ipi_fn fn, void *arg)
{
	(void)mask;
	fn(arg);
}

void sim_write_cr3(u64 value)
{
	(void)value;
}

void sim_invlpg(vaddr_t va)
{
	(void)va;
}

void sim_invpcid(u32 type, u64 pcid, vaddr_t va)
{
	(void)type;
	(void)pcid;
	(void)va;
}
