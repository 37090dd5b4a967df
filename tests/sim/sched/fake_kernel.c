/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/sched/fake_kernel.c - the machine that the scheduler under test runs on: interrupts
 * that may end in a switch of threads, stacks, CPUs.  Locks, timers and what does nothing here
 * are in the files beside it.
 *
 * Whoever calls code under test here may come back on another CPU.
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/migrate.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/switch.h"
#include "arch/x86_64/syscall.h"
#include "arch/x86_64/trap.h"
#include "arch/x86_64/upcall.h"
#include "arch/x86_64/user_call.h"
#include "kernel/run_queue.h"
#include "kernel/sched.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/kmap.h"
#include "mm/kspace.h"
#include "tests/sim/driver.h"
#include "tests/sim/sanitizer.h"
#include "tests/sim/sched/fake_kernel.h"
#include "tests/sim/schedule.h"
#include "tests/sim/vcpu.h"

#define STACKS 48u

DEFINE_PER_CPU(u32, irq_depth);
DEFINE_PER_CPU(u32, nmi_depth);
DEFINE_PER_CPU(u32, need_resched);
DEFINE_PER_CPU(u32, migrate_count);
DEFINE_PER_CPU(u64, migrate_site);
DEFINE_PER_CPU(u64, kernel_stack_top);
DEFINE_PER_CPU(u64, user_call_stack);
DEFINE_PER_CPU(u32, kmap_depth);
DEFINE_PER_CPU(u32, kmap_bias);

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

static void serve_one(u32 pending)
{
	struct trapframe f = { .rflags = RFLAGS_IF };

	irq_depth++;
	if (pending & PENDING_TIMER)
		fake_run_timers(running);
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

/* What a CPU waits for that halts: not for ever, an interrupt ends it. */
static const u32 halted = 1;

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

/* Outside: those that are due come as interrupts; or it is all over. */
static void each_turn(void)
{
	for (u32 cpu = 0; cpu < sim_options.cpus; cpu++)
		vcpus[cpu].done = fake_all_over && vcpus[cpu].waiting == &halted;
	fake_raise_timers();
}

/* Everybody halts. */
static bool when_all_wait(void)
{
	return fake_all_over || fake_skip_time();
}

/* --- stacks ---------------------------------------------------------------------------------- */

/* sim_switch() keeps six registers on the stack. */
#define SAVED_REGISTERS 6

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
	return (u64)(sp - SAVED_REGISTERS);
}

/* The idle thread of @cpu runs where its coroutine began. */
static void prepare_cpu(u32 cpu)
{
	struct thread *idle;
	vaddr_t top;

	*per_cpu_ptr(&cpu_id, cpu) = cpu;
	cpus[cpu].apic_id = cpu;
	ASSERT(sched_prepare_cpu(cpu) != 0, "no memory for CPU %u", cpu);
	idle = run_queues[cpu].idle;
	top = (vaddr_t)(vcpus[cpu].stack + STACK_BYTES);
	idle->stack_top = top - sizeof(struct stack_head);
	*(u64 *)(top - KERNEL_STACK_SIZE) = STACK_MAGIC;
	cpumask_set(&cpus_active, cpu);
}

bool fake_all_over;

void fake_kernel_reset(void)
{
	for (u32 i = 0; i < stacks_used; i++)
		unpoison(stacks[i], STACK_BYTES);
	stacks_used = 0;
	memset(run_queues, 0, sizeof(run_queues));
	memset(&cpus_active, 0, sizeof(cpus_active));
	memset(&cpus_idle, 0, sizeof(cpus_idle));
	fake_timers_reset();
	fake_all_over = false;
	sim_options.each_turn = each_turn;
	sim_options.when_all_wait = when_all_wait;
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
