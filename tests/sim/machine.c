/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/machine.c - the CPUs as coroutines; see machine.h.
 *
 * A coroutine runs until it gives way; schedule.c says when, and who is next.
 */
#include <asm/prctl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch/x86_64/cpuid.h"
#include "arch/x86_64/ipi.h"
#include "arch/x86_64/pcid.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/pti.h"
#include "arch/x86_64/smp.h"
#include "lib/assert.h"
#include "lib/rand.h"
#include "mm/asid.h"
#include "mm/page_alloc.h"
#include "tests/sim/driver.h"
#include "tests/sim/memory.h"
#include "tests/sim/sanitizer.h"
#include "tests/sim/schedule.h"
#include "tests/sim/tlb.h"
#include "tests/sim/vcpu.h"

#define STEPS_MAX	 3000000ul /* of one schedule; more is no progress */
#define CHECK_EACH	 256u	   /* turns, all of the loaded PGDs */
#define HWCAP2_FSGSBASE_ BIT(1)

struct sim_options sim_options = { .cpus = 3 };
u64 sim_steps;

/* What the kernel's headers declare. */
struct cpu cpus[MAX_CPUS];
u32 cpu_count;
struct cpumask cpus_online;
struct cpu_features cpu_features = { .nx = true };
u64 percpu_offset[MAX_CPUS];
u64 cr3_mask = ~0ul;
enum pcid_mode pcid_mode = PCID_ON;
enum tlb_reach tlb_reach = TLB_REACH_LOAD;
bool pti_on;
DEFINE_PER_CPU(u32, cpu_id);
DEFINE_PER_CPU(u32, preempt_count);

extern char __start_percpu_linked[], __stop_percpu_linked[];

struct vcpu vcpus[SIM_CPUS_MAX];
u32 running = SIM_NOBODY;
static void *scheduler_sp;
static struct rand dice;
static u64 last_operation;
static u64 current_seed;
static void (*current_program)(u32 cpu);
static char *percpu_image;
static char *percpu_copies[SIM_CPUS_MAX]; /* percpu_offset[] holds distances: no leak, says this */

/* --- coroutines --------------------------------------------------------------------------- */

void sim_switch(void **save, void *to);

__asm__(".text\n"
	".globl sim_switch\n"
	"sim_switch:\n"
	"push %rbp; push %rbx; push %r12; push %r13; push %r14; push %r15\n"
	"mov %rsp, (%rdi)\n"
	"mov %rsi, %rsp\n"
	"pop %r15; pop %r14; pop %r13; pop %r12; pop %rbx; pop %rbp\n"
	"ret\n");

static bool has_fsgsbase;

/* Without FSGSBASE it is a system call; but most steps are of the CPU that made the last one. */
static void set_gs_base(u64 base)
{
	static u64 last;

	if (has_fsgsbase)
		__asm__ volatile("wrgsbase %0" ::"r"(base));
	else if (base != last)
		syscall(SYS_arch_prctl, ARCH_SET_GS, base);
	last = base;
}

u32 sim_running(void)
{
	return running;
}

u64 sim_cr3(u32 cpu)
{
	return vcpus[cpu].cr3;
}

u32 sim_random(u32 n)
{
	return (u32)rand_below(running == SIM_NOBODY ? &dice : &vcpus[running].dice, n);
}

void sim_seed_outside(u64 seed)
{
	rand_seed(&dice, seed);
}

void give_way(void)
{
	sim_switch(&vcpus[running].sp, scheduler_sp);
}

void wait_for(const u32 *word)
{
	struct vcpu *v = &vcpus[running];

	v->waiting = word;
	while (READ_ONCE(*word) != 0) {
		v->clock++;
		give_way();
		serve_calls();
	}
	v->waiting = NULL;
}

bool can_run(const struct vcpu *v)
{
	if (v->callers != 0 && v->irqs_on)
		return true;
	if (v->waiting != NULL)
		return READ_ONCE(*v->waiting) == 0;
	return !v->done || v->serving;
}

void sim_outside(sim_fn fn, void *arg)
{
	vcpus[running].outside = fn;
	vcpus[running].outside_arg = arg;
	give_way();
}

/* --- operations --------------------------------------------------------------------------- */

void sim_operation_begin(void)
{
	vcpus[running].operation = ++last_operation;
}

void sim_operation_end(void)
{
	u64 operation = vcpus[running].operation;

	vcpus[running].operation = 0;
	tlb_operation_done(operation);
}

bool sim_operation_runs(u64 operation)
{
	for (u32 cpu = 0; cpu < sim_options.cpus; cpu++)
		if (vcpus[cpu].operation == operation)
			return operation != 0;
	return false;
}

bool sim_begin_op(u32 op)
{
	struct vcpu *v = &vcpus[running];

	v->op = op;
	v->op_start = v->clock;
	rand_seed(&v->dice, current_seed ^ ((u64)op << 40) ^ ((u64)running << 56));
	rand_seed(&v->dice, rand_next(&v->dice));
	schedule_operation();
	return sim_options.dropped == NULL || !sim_options.dropped[running * SIM_OPS_MAX + op];
}

/* --- running ---------------------------------------------------------------------------- */

static void coroutine_main(void)
{
	for (;;) {
		current_program(running);
		sim_drain();
		vcpus[running].done = true;
		while (vcpus[running].done) {
			vcpus[running].clock++;
			give_way();
			serve_calls(); /* it still answers */
		}
	}
}

void reset_coroutine(struct vcpu *v)
{
	u64 *top = (u64 *)(void *)(v->stack + STACK_BYTES);

	unpoison(v->stack, STACK_BYTES);
	*--top = 0; /* the stack is as after a call */
	*--top = (u64)coroutine_main;
	for (u32 i = 0; i < 6; i++)
		*--top = 0;
	v->sp = top;
}

static void make_coroutine(struct vcpu *v)
{
	v->stack = aligned_alloc(PAGE_SIZE, STACK_BYTES);
	ASSERT(v->stack != NULL, "no stack");
	reset_coroutine(v);
}

void run_cpu(u32 cpu)
{
	struct vcpu *v = &vcpus[cpu];

	put_stores_in(v);
	set_gs_base(percpu_offset[cpu]);
	running = cpu;
	sim_switch(&scheduler_sp, v->sp);
	running = SIM_NOBODY;
	take_stores_out(cpu);
	if (v->outside != NULL) {
		sim_fn fn = v->outside;

		v->outside = NULL;
		running = cpu; /* for the trace */
		fn(v->outside_arg);
		running = SIM_NOBODY;
	}
}

static bool all_done(void)
{
	for (u32 cpu = 0; cpu < sim_options.cpus; cpu++)
		if (!vcpus[cpu].done)
			return false;
	return true;
}

void sim_machine_run(void (*program)(u32 cpu), u32 phase)
{
	u64 first = sim_steps;

	current_program = program;
	for (u32 cpu = 0; cpu < sim_options.cpus; cpu++)
		vcpus[cpu].done = false;
	schedule_phase(phase);
	for (u64 turns = 0; !all_done(); turns++) {
		if (sim_options.each_turn != NULL)
			sim_options.each_turn();
		schedule_turn();
		if (turns % CHECK_EACH == 0)
			tlb_check_loaded();
		if (sim_steps - first > STEPS_MAX || turns > STEPS_MAX)
			sim_fail("no progress in %lu steps", STEPS_MAX);
	}
	for (u32 cpu = 0; cpu < sim_options.cpus; cpu++)
		while (vcpus[cpu].store_count > 0)
			drain_one(cpu);
	tlb_check_loaded();
}

/* --- beginnings --------------------------------------------------------------------------- */

void sim_machine_init(void)
{
	u64 bytes = (u64)(__stop_percpu_linked - __start_percpu_linked);
	u64 in_page = (u64)__start_percpu_linked & ~PAGE_MASK;

	has_fsgsbase = getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE_;
	cpu_count = sim_options.cpus;
	percpu_image = malloc(bytes);
	memcpy(percpu_image, __start_percpu_linked, bytes);
	for (u32 cpu = 0; cpu < cpu_count; cpu++) {
		char *copy = aligned_alloc(PAGE_SIZE, ALIGN_UP(bytes + in_page, PAGE_SIZE));

		percpu_copies[cpu] = copy;
		percpu_offset[cpu] = (u64)(copy + in_page) - (u64)__start_percpu_linked;
		memcpy(copy + in_page, percpu_image, bytes);
		make_coroutine(&vcpus[cpu]);
		cpumask_set(&cpus_online, cpu);
	}
	memory_init();
}

static void reset_cpu(u32 cpu)
{
	struct vcpu *v = &vcpus[cpu];
	struct page *root = alloc_pages(ZONE_KERNEL, pti_pgd_order());

	memcpy(__start_percpu_linked + percpu_offset[cpu], percpu_image,
	       (u64)(__stop_percpu_linked - __start_percpu_linked));
	*per_cpu_ptr(&cpu_id, cpu) = cpu;
	memset(page_address(root), 0, PAGE_SIZE << pti_pgd_order());
	cpus[cpu].neutral_root = page_to_phys(root);
	v->cr3 = cpus[cpu].neutral_root;
	v->irqs_on = true;
	v->user = v->serving = false;
	v->clock = v->stop_at = v->op_start = 0;
	v->op = v->callers = v->call_pending = v->store_count = v->standing = 0;
	set_gs_base(percpu_offset[cpu]);
	ASSERT(asid_prepare_cpu(cpu) == 0, "no memory for CPU %u", cpu);
}

void sim_machine_reset(u64 seed)
{
	/* A search numbers its schedules, which all draw the same. */
	current_seed = sim_options.scenario == NULL ? seed : 0;
	sim_seed_outside(current_seed);
	events_begin(seed);
	memory_reset();
	tlb_reset();
	for (u32 cpu = 0; cpu < sim_options.cpus; cpu++)
		reset_cpu(cpu);
	set_gs_base(percpu_offset[0]);
	schedule_begin(seed);
}
