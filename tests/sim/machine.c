/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/machine.c - coroutines, store buffers, interrupts, locks; see machine.h.
 *
 * The scheduler chooses at random: it runs a CPU until that gives way, drains the oldest
 * store of a CPU, or lets a CPU's TLB speculate.  Now and then it leaves a CPU standing
 * for long, which is what opens narrow windows.
 */
#include <asm/prctl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch/x86_64/cpuid.h"
#include "arch/x86_64/ipi.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/pcid.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/pti.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/spinlock.h"
#include "lib/assert.h"
#include "lib/rand.h"
#include "mm/asid.h"
#include "mm/page_alloc.h"
#include "mm/trace.h"
#include "tests/sim/driver.h"
#include "tests/sim/machine.h"
#include "tests/sim/memory.h"
#include "tests/sim/tlb.h"

#define STACK_BYTES	 (256 * KIB)
#define STORES_MAX	 12u
#define STANDING_SHORT	 40u
#define STANDING_LONG	 200u /* whole operations of others */
#define TRACE_EVENTS	 70u
#define TURNS_MAX	 3000000ul /* of one schedule; more is no progress */
#define HWCAP2_FSGSBASE_ BIT(1)

struct store {
	void *p;
	u64 value, saved; /* saved: what memory has while this is taken out */
	u64 operation;
	u32 size;
};

struct vcpu {
	void *sp;
	struct store stores[STORES_MAX];
	u32 store_count;
	bool irqs_on, done;
	bool user; /* on the user PGD */
	u64 cr3;
	u64 operation; /* under way; 0: none */
	u32 standing;  /* turns that it is left standing */
	u32 callers;   /* CPUs whose call waits for this one */
	ipi_fn call;   /* this CPU's call to others */
	void *call_arg;
	u32 call_pending;
	sim_fn outside; /* to be done for it outside */
	void *outside_arg;
	char *stack;
};

struct event {
	const char *fmt;
	u64 step, args[4];
	u32 cpu;
};

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

static struct vcpu vcpus[SIM_CPUS_MAX];
static u32 running = SIM_NOBODY;
static void *scheduler_sp;
static struct rand dice;
static u64 current_seed, last_operation;
static u32 drain_one_in, speculate_one_in, stand_one_in;
static struct event events[TRACE_EVENTS];
static u64 event_count;
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

/* --- trace -------------------------------------------------------------------------------- */

static void print_event(const struct event *e)
{
	char text[160];
	const char *fmt = e->fmt;

	/* All arguments are u64 and all events' formats literals of tests/sim. */
	snprintf(text, sizeof(text), fmt, e->args[0], e->args[1], e->args[2], e->args[3]);
	if (e->cpu == SIM_NOBODY)
		printf("%8lu      %s\n", e->step, text);
	else
		printf("%8lu CPU%u %s\n", e->step, e->cpu, text);
}

void sim_trace(const char *fmt, u64 a, u64 b, u64 c, u64 d)
{
	struct event *e = &events[event_count++ % TRACE_EVENTS];

	*e = (struct event){ fmt, sim_steps, { a, b, c, d }, running };
	if (sim_options.trace)
		print_event(e);
}

static NORETURN void fail(const char *text)
{
	u64 first = event_count > TRACE_EVENTS ? event_count - TRACE_EVENTS : 0;

	if (!sim_options.trace)
		for (u64 i = first; i < event_count; i++)
			print_event(&events[i % TRACE_EVENTS]);
	printf("sim: FAILED seed %lu step %lu CPU %d: %s\n", current_seed, sim_steps, (int)running,
	       text);
	fflush(stdout);
	_exit(1);
}

void sim_fail(const char *fmt, ...)
{
	char text[400];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fail(text);
}

void panic(const char *fmt, ...)
{
	char text[400];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fail(text);
}

/* --- store buffers ------------------------------------------------------------------------- */

static u64 peek(const void *p, u32 size)
{
	u64 v = 0;

	memcpy(&v, p, size);
	return v;
}

static void poke(void *p, u64 v, u32 size)
{
	memcpy(p, &v, size);
}

static bool is_ram(const void *p)
{
	return (u64)p >= SIM_RAM_BASE && (u64)p < SIM_RAM_BASE + SIM_RAM_FRAMES * PAGE_SIZE;
}

static void visible(u32 cpu, const struct store *s)
{
	if (is_ram(s->p) && s->size == sizeof(u64))
		tlb_memory_changed(cpu, s->operation, virt_to_phys(s->p), s->value);
}

/* The oldest store of a CPU, which is in memory already. */
static void retire_oldest(u32 cpu)
{
	struct vcpu *v = &vcpus[cpu];
	struct store oldest = v->stores[0];

	v->store_count--;
	memmove(&v->stores[0], &v->stores[1], v->store_count * sizeof(v->stores[0]));
	visible(cpu, &oldest);
}

static void put_stores_in(struct vcpu *v)
{
	for (u32 i = 0; i < v->store_count; i++) {
		struct store *s = &v->stores[i];

		s->saved = peek(s->p, s->size);
		poke(s->p, s->value, s->size);
	}
}

/* A plain store over one that waits makes that one, and all before it, visible. */
static void take_stores_out(u32 cpu)
{
	struct vcpu *v = &vcpus[cpu];

	for (u32 i = v->store_count; i-- > 0;) {
		struct store *s = &v->stores[i];

		if (peek(s->p, s->size) != s->value) {
			for (u32 n = 0; n <= i; n++)
				retire_oldest(cpu);
			return;
		}
		poke(s->p, s->saved, s->size);
	}
}

/* Outside. */
static void drain_one(u32 cpu)
{
	struct vcpu *v = &vcpus[cpu];

	if (v->store_count == 0)
		return;
	poke(v->stores[0].p, v->stores[0].value, v->stores[0].size);
	retire_oldest(cpu);
}

void sim_drain(void)
{
	if (running != SIM_NOBODY)
		while (vcpus[running].store_count > 0)
			retire_oldest(running);
}

u64 sim_walker_read(u32 cpu, const u64 *p)
{
	const struct vcpu *v = &vcpus[cpu];

	if (sim_chance(2))
		for (u32 i = v->store_count; i-- > 0;)
			if (v->stores[i].p == (const void *)p)
				return v->stores[i].value;
	return *p;
}

/* --- giving way ----------------------------------------------------------------------------- */

static void give_way(void)
{
	sim_switch(&vcpus[running].sp, scheduler_sp);
}

static void call_from(struct vcpu *v, const struct vcpu *caller)
{
	bool user = v->user;

	if (user)
		sim_leave_user();
	caller->call(caller->call_arg);
	if (user)
		sim_enter_user();
}

static void serve_calls(void)
{
	struct vcpu *v = &vcpus[running];

	while (v->callers != 0 && v->irqs_on) {
		struct vcpu *caller = &vcpus[__builtin_ctz(v->callers)];

		v->callers &= v->callers - 1;
		v->irqs_on = false;
		sim_trace("  IPI of CPU%lu", (u64)(caller - vcpus), 0, 0, 0);
		call_from(v, caller);
		sim_drain(); /* the end of the interrupt */
		v->irqs_on = true;
		caller->call_pending--;
	}
}

/* Some virtual machines lose it; what the code under test did since means nothing then. */
static void check_gs_base(void)
{
	if (cpu_id != running)
		sim_fail("the host lost GS");
}

static void point(bool surely)
{
	if (running == SIM_NOBODY)
		return;
	sim_steps++;
	check_gs_base();
	serve_calls();
	if (surely || sim_chance(4))
		give_way();
	serve_calls();
}

void *sim_load_point(const volatile void *p)
{
	point(false);
	return (void *)(u64)p;
}

void *sim_locked_point(const volatile void *p)
{
	point(false);
	sim_drain();
	return (void *)(u64)p;
}

void sim_store(volatile void *p, const void *value, u32 size)
{
	struct vcpu *v;

	point(false);
	if (running == SIM_NOBODY) {
		memcpy((void *)(u64)p, value, size);
		return;
	}
	v = &vcpus[running];
	if (v->store_count == STORES_MAX)
		retire_oldest(running);
	v->stores[v->store_count++] =
		(struct store){ (void *)(u64)p, peek(value, size), peek((void *)(u64)p, size),
				v->operation, size };
	poke((void *)(u64)p, peek(value, size), size);
	point(false);
}

void sim_xchg(volatile void *p, void *value, u32 size)
{
	struct store s;
	u64 old;

	sim_locked_point(p);
	s = (struct store){ .p = (void *)(u64)p, .value = peek(value, size), .size = size };
	old = peek(s.p, size);
	poke(s.p, s.value, size);
	poke(value, old, size);
	if (running == SIM_NOBODY)
		return;
	s.operation = vcpus[running].operation;
	visible(running, &s);
}

void sim_outside(sim_fn fn, void *arg)
{
	vcpus[running].outside = fn;
	vcpus[running].outside_arg = arg;
	give_way();
}

/* --- interrupts, CR3 ------------------------------------------------------------------------- */

bool sim_irqs_on(void)
{
	return running == SIM_NOBODY || vcpus[running].irqs_on;
}

void sim_set_irqs(bool on)
{
	if (running == SIM_NOBODY)
		return;
	vcpus[running].irqs_on = on;
	point(false);
}

void sim_write_cr3(u64 value)
{
	point(false);
	sim_drain();
	vcpus[running].cr3 = value & ~CR3_NOFLUSH;
	sim_trace(value & CR3_NOFLUSH ? "  CR3 = %lx, keep" : "  CR3 = %lx, flush",
		  value & ~CR3_NOFLUSH, 0, 0, 0);
	tlb_cr3_written(running, value);
	point(false);
}

void sim_enter_user(void)
{
	sim_write_cr3(asid_enter_user());
	vcpus[running].user = true;
}

void sim_leave_user(void)
{
	struct vcpu *v = &vcpus[running];

	v->user = false;
	sim_write_cr3((v->cr3 & ~PTI_USER_BITS) | CR3_NOFLUSH);
}

bool sim_in_user(void)
{
	return vcpus[running].user;
}

void sim_invlpg(vaddr_t va)
{
	point(false);
	sim_drain();
	tlb_invlpg(running, va);
}

void sim_invpcid(u32 type, u64 pcid, vaddr_t va)
{
	point(false);
	sim_drain();
	if (type == INVPCID_ADDRESS)
		tlb_drop_page(running, pcid, va);
	else if (type == INVPCID_TAG)
		tlb_drop_tag(running, pcid);
	else
		tlb_drop_all(running);
}

void run_on_cpus(const struct cpumask *mask, ipi_fn fn, void *arg)
{
	struct vcpu *v = &vcpus[running];
	u32 cpu;

	ASSERT(v->irqs_on, "run_on_cpus with interrupts off");
	point(false);
	sim_drain();
	v->call = fn;
	v->call_arg = arg;
	for_each_cpu (cpu, mask)
		if (cpu != running) {
			v->call_pending++;
			vcpus[cpu].callers |= 1u << running;
		}
	sim_trace("  IPIs to %lx", mask->bits[0] & ~BIT(running), 0, 0, 0);
	if (cpumask_test(mask, running)) {
		v->irqs_on = false;
		fn(arg);
		v->irqs_on = true;
	}
	while (v->call_pending != 0)
		point(true);
}

/* --- locks ------------------------------------------------------------------------------------ */

void spin_init(struct spinlock *l, const char *name, enum lock_rank rank)
{
	*l = (struct spinlock)SPINLOCK_INIT(name, rank);
}

void spin_lock(struct spinlock *l)
{
	point(false);
	while (l->holder != 0)
		point(true);
	sim_drain();
	l->holder = running + 1;
}

void spin_unlock(struct spinlock *l)
{
	const u32 free = 0;

	ASSERT(spin_held(l), "lock %s is not held", l->name);
	sim_store(&l->holder, &free, sizeof(free));
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
}

bool spin_held(const struct spinlock *l)
{
	return l->holder == running + 1;
}

/* --- operations ---------------------------------------------------------------------------------
 */

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

/* --- scheduler ----------------------------------------------------------------------------------
 */

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

/* --- beginnings
 * ----------------------------------------------------------------------------------- */

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
	current_seed = seed;
	event_count = 0;
	drain_one_in = rates[sim_random(ARRAY_SIZE(rates))];
	speculate_one_in = rates[sim_random(2)];
	stand_one_in = rates[1 + sim_random(ARRAY_SIZE(rates) - 1)];
	memory_reset();
	tlb_reset();
	for (u32 cpu = 0; cpu < sim_options.cpus; cpu++)
		reset_cpu(cpu);
	set_gs_base(percpu_offset[0]);
}

/* The simulator keeps a trace of its own. */
bool trace_on;

void trace_write(enum trace_event event, u64 ctx_id, u64 arg)
{
	(void)event;
	(void)ctx_id;
	(void)arg;
}
