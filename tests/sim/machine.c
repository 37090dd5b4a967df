/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/machine.c - the CPUs as coroutines, and who runs; see machine.h.
 *
 * The scheduler chooses at random: it runs a CPU until that gives way, drains the oldest
 * store of a CPU, or lets a CPU's TLB speculate.  Now and then it leaves a CPU standing
 * for long, which is what opens narrow windows.
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
#include "tests/sim/tlb.h"
#include "tests/sim/vcpu.h"

#define STACK_BYTES	 (256 * KIB)
#define STANDING_SHORT	 40u
#define STANDING_LONG	 200u	   /* whole operations of others */
#define TURNS_MAX	 3000000ul /* of one schedule; more is no progress */
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
bool pti_on;
DEFINE_PER_CPU(u32, cpu_id);
DEFINE_PER_CPU(u32, preempt_count);

extern char __start_percpu_linked[], __stop_percpu_linked[];

struct vcpu vcpus[SIM_CPUS_MAX];
u32 running = SIM_NOBODY;
static void *scheduler_sp;
static struct rand dice;
static u64 last_operation;
static u32 drain_one_in, speculate_one_in, stand_one_in;
static void (*current_program)(u32 cpu);
static char *percpu_image;
static char *percpu_copies[SIM_CPUS_MAX]; /* percpu_offset[] holds distances: no leak, says this */

/* --- coroutines --------------------------------------------------------------------------- */

void sim_switch(void **save, void *to);

__asm__(".text\n"
	"sim_switch:\n"
	"push %rbp; push %rbx; push %r12; push %r13; push %r14; push %r15\n"
	"mov %rsp, (%rdi)\n"
	"mov %rsi, %rsp\n"
	"pop %r15; pop %r14; pop %r13; pop %r12; pop %rbx; pop %rbp\n"
	"ret\n");

static void set_gs_base(u64 base)
{
	if (getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE_)
		__asm__ volatile("wrgsbase %0" ::"r"(base));
	else
		syscall(SYS_arch_prctl, ARCH_SET_GS, base);
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
	return (u32)rand_below(&dice, n);
}

void give_way(void)
{
	sim_switch(&vcpus[running].sp, scheduler_sp);
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

bool sim_operation_runs(u32 cpu, u64 operation)
{
	return operation != 0 && vcpus[cpu].operation == operation;
}

/* --- scheduler ---------------------------------------------------------------------------- */

static void coroutine_main(void)
{
	for (;;) {
		current_program(running);
		sim_drain();
		vcpus[running].done = true;
		while (vcpus[running].done)
			point(true); /* it still answers */
	}
}

static void make_coroutine(struct vcpu *v)
{
	u64 *top;

	v->stack = aligned_alloc(PAGE_SIZE, STACK_BYTES);
	ASSERT(v->stack != NULL, "no stack");
	top = (u64 *)(void *)(v->stack + STACK_BYTES);
	*--top = 0; /* the stack is as after a call */
	*--top = (u64)coroutine_main;
	for (u32 i = 0; i < 6; i++)
		*--top = 0;
	v->sp = top;
}

static void run_cpu(u32 cpu)
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

static void take_turn(void)
{
	u32 cpu = sim_random(sim_options.cpus);
	struct vcpu *v = &vcpus[cpu];

	if (sim_chance(drain_one_in))
		drain_one(sim_random(sim_options.cpus));
	if (sim_chance(speculate_one_in))
		tlb_speculate(sim_random(sim_options.cpus),
			      driver_address(sim_random(DRIVER_ADDRESSES)));
	if (v->standing > 0) {
		v->standing--;
		return;
	}
	if (sim_chance(stand_one_in))
		v->standing = 1 + sim_random(sim_chance(4) ? STANDING_LONG : STANDING_SHORT);
	if (!v->done || v->callers != 0)
		run_cpu(cpu);
}

static bool all_done(void)
{
	for (u32 cpu = 0; cpu < sim_options.cpus; cpu++)
		if (!vcpus[cpu].done)
			return false;
	return true;
}

void sim_machine_run(void (*program)(u32 cpu))
{
	current_program = program;
	for (u32 cpu = 0; cpu < sim_options.cpus; cpu++)
		vcpus[cpu].done = false;
	for (u64 turns = 0; !all_done(); turns++) {
		take_turn();
		if (turns % 64 == 0)
			tlb_check_loaded();
		if (turns == TURNS_MAX)
			sim_fail("no progress in %lu turns", turns);
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

	free(per_cpu_ptr(&cpu_tlb, cpu)->chunks);
	memcpy(__start_percpu_linked + percpu_offset[cpu], percpu_image,
	       (u64)(__stop_percpu_linked - __start_percpu_linked));
	*per_cpu_ptr(&cpu_id, cpu) = cpu;
	memset(page_address(root), 0, PAGE_SIZE << pti_pgd_order());
	cpus[cpu].neutral_root = page_to_phys(root);
	v->cr3 = cpus[cpu].neutral_root;
	v->irqs_on = true;
	v->user = false;
	v->callers = v->call_pending = v->store_count = v->standing = 0;
	set_gs_base(percpu_offset[cpu]);
	ASSERT(asid_prepare_cpu(cpu) == 0, "no memory for CPU %u", cpu);
}

void sim_machine_reset(u64 seed)
{
	static const u32 rates[] = { 2, 6, 30, 150 };

	rand_seed(&dice, seed);
	events_begin(seed);
	drain_one_in = rates[sim_random(ARRAY_SIZE(rates))];
	speculate_one_in = rates[sim_random(2)];
	stand_one_in = rates[1 + sim_random(ARRAY_SIZE(rates) - 1)];
	memory_reset();
	tlb_reset();
	for (u32 cpu = 0; cpu < sim_options.cpus; cpu++)
		reset_cpu(cpu);
	set_gs_base(percpu_offset[0]);
}
