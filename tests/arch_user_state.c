/* SPDX-License-Identifier: MIT */
/*
 * tests/arch_user_state.c - the registers of user mode that are in no trap frame: kept over every
 * way into the kernel and over switches, on whichever CPU, and never another thread's.
 *
 * A visitor is a kernel thread with a user_state and an address space, which goes to ring 3 for
 * one part of user_state_code.asm at a time.  Between two parts it is switched and moved
 * like any thread, with the user's values in its registers or its state.
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/cpuid.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/probe.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/time.h"
#include "arch/x86_64/trap.h"
#include "arch/x86_64/user_state.h"
#include "kernel/hotplug.h"
#include "kernel/sched.h"
#include "lib/err.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "tests/cpus.h"
#include "tests/harness.h"
#include "tests/hotplug.h"
#include "tests/threads.h"
#include "tests/user_code.h"
#include "twin_user_state.h"

#define CODE 0x400000ul
#define DATA 0x500000ul
#define HOLE 0x600000ul

#define HAS_FSGSBASE BIT(0)
#define HAS_AVX	     BIT(1)
#define HAS_AVX512   BIT(2)

#define ST_REGISTERS	 8u
#define ST_BYTES	 10u
#define VECTOR_REGISTERS 16u
#define SPIN		 20000u
#define FX_FCW		 0 /* offsets in what FXSAVE writes */
#define FX_TAGS		 4
#define FX_MXCSR	 24
#define FX_ST		 32

#define UD_IN_USER_MODE PROBE_FAULT(VECTOR_UD, 0)
#define FCW_TEST(n)	(FPU_FCW_FRESH | ((n)&3) << 10)	  /* rounding */
#define MXCSR_TEST(n)	(FPU_MXCSR_FRESH | ((n)&3) << 13) /* rounding */
#define FCW_DIVIDE	(FPU_FCW_FRESH & ~BIT(2))	  /* 1 / 0 is an exception */
#define MXCSR_DIVIDE	(FPU_MXCSR_FRESH & ~BIT(9))

/* user_state_code.asm's struc VALUES. */
struct user_values {
	u64 fs_base, gs_base;
	u16 fs, gs, ds, es;
	u32 has, mxcsr;
	u64 spin;
	u16 fcw;
	u8 st[ST_REGISTERS][16] ALIGNED(64);
	u8 vector[VECTOR_REGISTERS][64];
	u8 fx[512];
};

STATIC_ASSERT(offsetof(struct user_values, spin) == 32, "user_state_code.asm");
STATIC_ASSERT(offsetof(struct user_values, fcw) == 40, "user_state_code.asm");
STATIC_ASSERT(offsetof(struct user_values, st) == 64, "user_state_code.asm");
STATIC_ASSERT(offsetof(struct user_values, vector) == 192, "user_state_code.asm");
STATIC_ASSERT(offsetof(struct user_values, fx) == 1216, "user_state_code.asm");

extern const u8 user_state_code[], user_state_code_end[];
extern const u8 user_state_put[], user_state_get[], user_state_spin[], user_state_read[];
extern const u8 user_state_fs_base[], user_state_gs_base[];
extern const u8 user_state_divide_sse[], user_state_divide_x87[];

struct visitor {
	struct test *t;
	struct mm *mm;
	struct thread *thread;
	u64 seed; /* of its values */
	u64 spin; /* how long user_state_spin takes */
	struct user_values want, got;
};

/* --- ring 3 -------------------------------------------------------------------------------- */

/* The part at @entry, with @flags: how it ended. */
static u32 ring3_with(const u8 *entry, u64 flags, u64 rsi)
{
	struct trapframe f = { .rip = CODE + (u64)(entry - user_state_code),
			       .cs = SEL_USER_CODE | RPL_USER,
			       .rflags = RFLAGS_FIXED | flags,
			       .rsp = CODE + PAGE_SIZE,
			       .ss = SEL_USER_DATA | RPL_USER,
			       .rdi = DATA,
			       .rsi = rsi };
	u64 irqs = irq_save();
	u32 fault;

	preempt_disable();
	fault = (u32)user_call_frame(&f);
	preempt_enable();
	irq_restore(irqs);
	return fault;
}

static u32 ring3(const u8 *entry)
{
	return ring3_with(entry, 0, 0);
}

static u32 has(void)
{
	return (cpu_features.fsgsbase ? HAS_FSGSBASE : 0) | (cpu_features.avx ? HAS_AVX : 0) |
	       (cpu_features.avx512 ? HAS_AVX512 : 0);
}

static u32 vector_bytes(void)
{
	return cpu_features.avx512 ? 64 : cpu_features.avx ? 32 : 16;
}

/* Bases that the kernel has uses for, if it were to take them for its own. */
static u64 base_of(u64 n)
{
	static const u64 bases[] = {
		KERNEL_BASE,	 PERCPU_BASE,	 0, DATA,	 ~0ul,
		DIRECT_MAP_BASE, 0x7fffffffffff, 1, STACKS_BASE, CPU_LOCAL_END - 8
	};

	return bases[n % ARRAY_SIZE(bases)];
}

static u16 selector_of(u64 n)
{
	static const u16 selectors[] = { 0, SEL_USER_DATA | RPL_USER, 0, SEL_USER_CODE | RPL_USER,
					 SEL_CPU_NUMBER | RPL_USER };

	return selectors[n % ARRAY_SIZE(selectors)];
}

/* The next values of @p, which differ from all others in every register. */
static void choose_values(struct visitor *p)
{
	struct user_values *v = &p->want;
	u64 n = p->seed++;

	v->fs_base = base_of(n);
	v->gs_base = base_of(n / 2 + 1);
	v->fs = selector_of(n / 3);
	v->gs = selector_of(n / 5);
	v->ds = selector_of(n);
	v->es = selector_of(n / 7);
	v->has = has();
	v->spin = p->spin;
	v->fcw = (u16)FCW_TEST(n);
	v->mxcsr = (u32)MXCSR_TEST(n / 4);
	for (u32 i = 0; i < ST_REGISTERS; i++) {
		u64 mantissa = BIT(63) | n << 8 | i;
		u16 exponent = (u16)(0x4000 + i);

		memcpy(v->st[i], &mantissa, sizeof(mantissa));
		memcpy(v->st[i] + sizeof(mantissa), &exponent, sizeof(exponent));
	}
	for (u32 i = 0; i < VECTOR_REGISTERS; i++)
		for (u32 b = 0; b < vector_bytes(); b++)
			v->vector[i][b] = (u8)(n * 37 + i * 11 + b + 1);
}

/* New values into the registers. */
static void put_values(struct visitor *p)
{
	choose_values(p);
	EXPECT_EQ(p->t, copy_to_user(DATA, &p->want, sizeof(p->want)), 0);
	EXPECT_EQ(p->t, ring3(user_state_put), UD_IN_USER_MODE);
	if (!cpu_features.fsgsbase)
		EXPECT_EQ(
			p->t,
			user_state_set_bases(current->user_state, p->want.fs_base, p->want.gs_base),
			0);
}

static void get_values(struct visitor *p)
{
	u64 flags;

	memset(&p->got, 0, sizeof(p->got));
	p->got.has = has();
	p->got.spin = p->spin;
	EXPECT_EQ(p->t, copy_to_user(DATA, &p->got, sizeof(p->got)), 0);
	EXPECT_EQ(p->t, ring3(user_state_get), UD_IN_USER_MODE);
	EXPECT_EQ(p->t, copy_from_user(&p->got, DATA, sizeof(p->got)), 0);
	if (cpu_features.fsgsbase)
		return;
	flags = irq_save();
	p->got.fs_base = rdmsr(MSR_FS_BASE);
	p->got.gs_base = user_gs_base_read();
	irq_restore(flags);
}

static u64 fx_word(const struct user_values *v, u32 offset, u32 bytes)
{
	u64 word = 0;

	memcpy(&word, v->fx + offset, bytes);
	return word;
}

/* Are the registers as they were put?  @when: for the report. */
static void expect_values(struct visitor *p, const char *when)
{
	const struct user_values *w = &p->want, *g = &p->got;

	get_values(p);
	EXPECT(p->t, g->fs_base == w->fs_base && g->gs_base == w->gs_base,
	       "%s: bases %#lx and %#lx, expected %#lx and %#lx", when, g->fs_base, g->gs_base,
	       w->fs_base, w->gs_base);
	EXPECT(p->t, g->fs == w->fs && g->gs == w->gs && g->ds == w->ds && g->es == w->es,
	       "%s: fs %#x gs %#x ds %#x es %#x, expected %#x %#x %#x %#x", when, g->fs, g->gs,
	       g->ds, g->es, w->fs, w->gs, w->ds, w->es);
	EXPECT(p->t, fx_word(g, FX_FCW, 2) == w->fcw && fx_word(g, FX_MXCSR, 4) == w->mxcsr,
	       "%s: FCW %#lx, MXCSR %#lx, expected %#x, %#x", when, fx_word(g, FX_FCW, 2),
	       fx_word(g, FX_MXCSR, 4), w->fcw, w->mxcsr);
	for (u32 i = 0; i < ST_REGISTERS; i++) /* the last that was loaded is ST0 */
		EXPECT(p->t,
		       memcmp(g->fx + FX_ST + 16 * i, w->st[ST_REGISTERS - 1 - i], ST_BYTES) == 0,
		       "%s: ST%u", when, i);
	for (u32 i = 0; i < VECTOR_REGISTERS; i++)
		EXPECT(p->t, memcmp(g->vector[i], w->vector[i], vector_bytes()) == 0,
		       "%s: vector register %u begins with %#x, expected %#x", when, i,
		       g->vector[i][0], w->vector[i][0]);
}

static bool is_zero(const u8 *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

/* A thread that has used no register finds nobody's. */
static void expect_fresh(struct visitor *p)
{
	const struct user_values *g = &p->got;

	get_values(p);
	EXPECT(p->t, (g->fs_base | g->gs_base) == 0 && (g->fs | g->gs | g->ds | g->es) == 0,
	       "fs %#x %#lx, gs %#x %#lx, ds %#x, es %#x", g->fs, g->fs_base, g->gs, g->gs_base,
	       g->ds, g->es);
	EXPECT_EQ(p->t, fx_word(g, FX_FCW, 2), FPU_FCW_FRESH);
	EXPECT_EQ(p->t, fx_word(g, FX_MXCSR, 4), FPU_MXCSR_FRESH);
	EXPECT_EQ(p->t, fx_word(g, FX_TAGS, 1), 0); /* all empty */
	for (u32 i = 0; i < ST_REGISTERS; i++)
		EXPECT(p->t, is_zero(g->fx + FX_ST + 16 * i, ST_BYTES), "ST%u is not empty", i);
	EXPECT(p->t, is_zero((const u8 *)g->vector, sizeof(g->vector)),
	       "a vector register is not 0");
}

/* --- visitors ------------------------------------------------------------------------------- */

/* A visitor that shall run @fn(it) on @cpu; NULL: no memory, and the test has failed. */
static struct visitor *visitor_make(struct test *t, u32 cpu, thread_fn fn, u64 seed)
{
	struct visitor *p = kzalloc(sizeof(*p));

	EXPECT(t, p != NULL, "no memory for a visitor");
	if (p == NULL)
		return NULL;
	p->t = t;
	p->seed = seed;
	p->spin = SPIN;
	p->mm = user_code_mm(CODE, user_state_code,
			     (size_t)(user_state_code_end - user_state_code));
	p->thread = make_thread(t, cpu, PRIORITY_DEFAULT, fn, p);
	if (p->mm != NULL && p->thread != NULL && thread_add_user_state(p->thread) == 0 &&
	    map_anon(p->mm, DATA, PAGE_SIZE, RW) == 0)
		return p;
	EXPECT(t, false, "no memory for a visitor's parts");
	return NULL; /* the run has failed: what is there stays */
}

/* The visitor's thread begins, and ends. */
static void visitor_begin(struct visitor *p)
{
	kthread_use_mm(p->mm);
	put(DATA, 0); /* there, since ring 3 cannot fault it in */
}

static void visitor_join(struct visitor *p)
{
	thread_join(p->thread);
	mm_put(p->mm);
	kfree(p);
}

/* One visitor on @cpu, to its end. */
static void visitor_run(struct test *t, u32 cpu, thread_fn fn, u64 seed)
{
	struct visitor *p = visitor_make(t, cpu, fn, seed);

	if (p == NULL)
		return;
	thread_start(p->thread);
	visitor_join(p);
}

static void visitor_on_each_cpu(struct test *t, thread_fn fn)
{
	struct visitor *p[MAX_CPUS];
	u32 cpu, n = 0;

	for_each_cpu (cpu, &cpus_online) {
		p[n] = visitor_make(t, cpu, fn, cpu * 1000);
		if (p[n] != NULL)
			thread_start(p[n++]->thread);
	}
	while (n != 0)
		visitor_join(p[--n]);
}

static void go_to(struct test *t, u32 cpu)
{
	struct cpumask mask = only(cpu);

	EXPECT_EQ(t, thread_set_affinity(current, &mask), 0);
}

/* --- ways into the kernel ------------------------------------------------------------------ */

#define WAY_ROUNDS 40

static int all_ways_in(void *arg)
{
	struct visitor *p = arg;

	visitor_begin(p);
	for (u32 round = 0; round < WAY_ROUNDS; round++) {
		put_values(p);
		expect_values(p, "after #UD");
		EXPECT_EQ(p->t, ring3_with(user_state_read, 0, HOLE),
			  PROBE_FAULT(VECTOR_PF, PF_USER));
		expect_values(p, "after a page fault");
		EXPECT_EQ(p->t, ring3_with(user_state_read, 0, KERNEL_BASE) >> 8,
			  PROBE_FAULT(VECTOR_PF, 0) >> 8);
		expect_values(p, "after a page fault at a kernel address");
		EXPECT_EQ(p->t, ring3_with(user_state_read, RFLAGS_TF, DATA),
			  PROBE_FAULT(VECTOR_DB, 0));
		expect_values(p, "after #DB");
		EXPECT_EQ(p->t, ring3_with(user_state_spin, RFLAGS_IF, 0), UD_IN_USER_MODE);
		expect_values(p, "after interrupts, perhaps");
	}
	kthread_unuse_mm();
	return 0;
}

TEST("arch.user_state", kept_over_exceptions)
{
	visitor_on_each_cpu(t, all_ways_in);
}

#define STORM_ROUNDS 60
#define STORM_SPIN   100000u
#define STORM_GAP_NS (500 * NS_PER_US)

static u32 storm_over; /* atomic: threads that have ended */
static DEFINE_PER_CPU(u64, irqs_of_user);

static void on_test_irq(struct trapframe *f)
{
	if (from_user(f))
		this_cpu_inc(irqs_of_user);
}

/* The interrupt waits for user mode, which lets it come. */
static u32 spin_interrupted(void)
{
	u64 flags = irq_save();
	u32 fault;

	apic_send_ipi(apic_id(), IRQ_TEST);
	fault = ring3_with(user_state_spin, RFLAGS_IF, 0);
	irq_restore(flags);
	return fault;
}

static int spin_in_a_storm(void *arg)
{
	struct visitor *p = arg;

	visitor_begin(p);
	for (u32 round = 0; round < STORM_ROUNDS; round++) {
		put_values(p);
		EXPECT_EQ(p->t, round % 2 ? spin_interrupted() : ring3(user_state_spin),
			  UD_IN_USER_MODE);
		expect_values(p, "in a storm");
	}
	kthread_unuse_mm();
	__atomic_store_n(&storm_over, 1, __ATOMIC_RELEASE);
	return 0;
}

/* At any instruction of user mode, of entries and exits, and of the switch. */
TEST("arch.user_state", kept_over_nmis_and_interrupts, .cpus = 2)
{
	u32 target = other_than(cpu_id), nmis = 0;
	struct visitor *p = visitor_make(t, target, spin_in_a_storm, 0);
	struct rand r = test_rand(t);

	if (p == NULL)
		return;
	irq_set_handler(IRQ_TEST, on_test_irq);
	*per_cpu_ptr(&irqs_of_user, target) = 0;
	storm_over = 0;
	p->spin = STORM_SPIN;
	thread_start(p->thread);
	while (!__atomic_load_n(&storm_over, __ATOMIC_ACQUIRE)) {
		apic_send_nmi(cpus[target].apic_id);
		nmis++;
		time_spin_ns(rand_below(&r, STORM_GAP_NS)); /* or nothing else runs there */
	}
	visitor_join(p);
	EXPECT_EQ(t, *per_cpu_ptr(&irqs_of_user, target), STORM_ROUNDS / 2);
	test_note("%u NMIs sent", nmis);
}

/* --- what user mode must not do, and does to itself alone ------------------------------------ */

static int hostile_bases(void *arg)
{
	static const u64 refused[] = { 1ul << 63, 0x0100000000000000ul, 0xfefffffffffffffful };
	struct visitor *p = arg;
	u32 expected = cpu_features.fsgsbase ? PROBE_FAULT(VECTOR_GP, 0) : UD_IN_USER_MODE;

	visitor_begin(p);
	for (u32 i = 0; i < ARRAY_SIZE(refused); i++) {
		u32 fs, gs;

		put_values(p);
		EXPECT_EQ(p->t, user_state_set_bases(current->user_state, refused[i], 0),
			  (u64)-EINVAL);
		EXPECT_EQ(p->t, user_state_set_bases(current->user_state, 0, refused[i]),
			  (u64)-EINVAL);
		fs = ring3_with(user_state_fs_base, 0, refused[i]);
		gs = ring3_with(user_state_gs_base, 0, refused[i]);
		if (fs == UD_IN_USER_MODE && gs == UD_IN_USER_MODE && cpu_features.fsgsbase) {
			/* QEMU's CPUs take anything: then it must be kept like any other. */
			p->want.fs_base = refused[i];
			p->want.gs_base = refused[i];
		} else {
			EXPECT_EQ(p->t, fs, expected);
			EXPECT_EQ(p->t, gs, expected);
		}
		yield();
		expect_values(p, "after bases that are no addresses");
	}
	kthread_unuse_mm();
	return 0;
}

TEST("arch.user_state", bases_that_are_no_addresses)
{
	visitor_on_each_cpu(t, hostile_bases);
}

/* #XM and #MF; #NM there is none, whatever a thread does first. */
static int divide_by_zero(void *arg)
{
	struct visitor *p = arg;
	u32 raised;

	visitor_begin(p);
	for (u32 round = 0; round < 3; round++) {
		put_values(p);
		p->got = p->want;
		p->got.mxcsr = (u32)MXCSR_DIVIDE;
		p->got.fcw = (u16)FCW_DIVIDE;
		EXPECT_EQ(p->t, copy_to_user(DATA, &p->got, sizeof(p->got)), 0);
		raised = ring3(user_state_divide_sse); /* QEMU's CPUs go on instead */
		EXPECT(p->t,
		       raised == PROBE_FAULT(VECTOR_XM, 0) ||
			       (raised == UD_IN_USER_MODE && cpu_features.hypervisor),
		       "SSE's 1 / 0: %#x", raised);
		EXPECT_EQ(p->t, ring3(user_state_divide_x87), PROBE_FAULT(VECTOR_MF, 0));
		yield(); /* with the x87's exception pending */
	}
	put_values(p);
	expect_values(p, "after exceptions");
	kthread_unuse_mm();
	return 0;
}

TEST("arch.user_state", floating_point_exceptions)
{
	visitor_on_each_cpu(t, divide_by_zero);
}

/* --- switches ------------------------------------------------------------------------------ */

#define SWITCH_ROUNDS 600

/* With others on the same CPU; it yields, is preempted, or moves. */
static int mix(void *arg)
{
	struct visitor *p = arg;
	struct rand r = { p->seed };
	u32 rounds = share_of(SWITCH_ROUNDS);

	visitor_begin(p);
	for (u32 round = 0; round < rounds; round++) {
		put_values(p);
		switch (rand_below(&r, 4)) {
		case 0:
			yield();
			break;
		case 1:
			ring3_with(user_state_spin, RFLAGS_IF, 0);
			break;
		case 2:
			sleep_ns(rand_below(&r, 2000));
			break;
		default:
			go_to(p->t,
			      (u32)(cpumask_first_from(
				      &cpus_online, rand_below(&r, cpumask_weight(&cpus_online)))));
		}
		expect_values(p, "after switches");
	}
	kthread_unuse_mm();
	return 0;
}

TEST("arch.user_state", kept_over_switches_and_moves)
{
	enum { EACH = 3 };
	u32 n = 0, cpu, most = EACH * cpumask_weight(&cpus_online);
	struct visitor **p = kmalloc(most * sizeof(p[0]));

	EXPECT(t, p != NULL, "no memory for the list");
	if (p == NULL)
		return;
	for_each_cpu (cpu, &cpus_online)
		for (u32 i = 0; i < EACH; i++) {
			p[n] = visitor_make(t, cpu, mix, (cpu * EACH + i) * 100000);
			n += p[n] != NULL;
		}
	for (u32 i = 0; i < n; i++)
		thread_start(p[i]->thread);
	for (u32 i = 0; i < n; i++)
		visitor_join(p[i]);
	kfree(p);
}

static int there_and_back(void *arg)
{
	struct visitor *p = arg;
	u32 here = cpu_id, there = other_than(here);

	visitor_begin(p);
	for (u32 round = 0; round < 20; round++) {
		put_values(p);
		go_to(p->t, there);
		expect_values(p, "on another CPU");
		put_values(p);
		go_to(p->t, here); /* whose registers are as it left them */
		expect_values(p, "back");
		EXPECT_EQ(p->t, cpu_id, here);
	}
	kthread_unuse_mm();
	return 0;
}

/* Nobody else has loaded anything meanwhile: the CPU number tells that it is old. */
TEST("arch.user_state", changed_elsewhere_meanwhile, .cpus = 2)
{
	visitor_run(t, cpu_id, there_and_back, 0);
}

static int leave_values(void *arg)
{
	struct visitor *p = arg;

	visitor_begin(p);
	put_values(p);
	kthread_unuse_mm();
	return 0;
}

static int look_for_values(void *arg)
{
	struct visitor *p = arg;

	visitor_begin(p);
	expect_fresh(p);
	kthread_unuse_mm();
	return 0;
}

/* The state of a thread that is gone comes again, at its address, on the CPU that had it last. */
TEST("arch.user_state", fresh_after_others)
{
	u32 cpu, same = 0;

	for_each_cpu (cpu, &cpus_online)
		for (u32 round = 0; round < 5; round++) {
			struct visitor *p;

			visitor_run(t, cpu, leave_values, round * 17 + 3);
			p = visitor_make(t, cpu, look_for_values, 0);
			if (p == NULL)
				return;
			same += p->thread->user_state == *per_cpu_ptr(&user_state_owner, cpu);
			thread_start(p->thread);
			visitor_join(p);
		}
	test_note("%u of them at the address of who was there before", same);
}

/* --- a CPU that goes and comes back ---------------------------------------------------------- */

struct sleeper {
	struct completion asleep, wake;
};

static struct sleeper sleeper;

static int sleep_over_it(void *arg)
{
	struct visitor *p = arg;
	u32 cpu = cpu_id;

	visitor_begin(p);
	put_values(p);
	complete(&sleeper.asleep);
	wait_for_completion(&sleeper.wake);
	EXPECT_EQ(p->t, cpu_id, cpu);
	expect_values(p, "after its sleep");
	kthread_unuse_mm();
	return 0;
}

static void set_bases_of_sleeper(struct test *t, u32 cpu)
{
	struct visitor *p = visitor_make(t, cpu, sleep_over_it, 13);

	if (p == NULL)
		return;
	completion_init(&sleeper.asleep);
	completion_init(&sleeper.wake);
	thread_start(p->thread);
	wait_for_completion(&sleeper.asleep);
	while (thread_on_cpu(p->thread))
		yield();
	p->want.fs_base = DATA + 1;
	p->want.gs_base = KERNEL_BASE + 1;
	EXPECT_EQ(t, user_state_set_bases(p->thread->user_state, p->want.fs_base, p->want.gs_base),
		  0);
	complete(&sleeper.wake);
	visitor_join(p);
}

/* What a CPU's registers still hold of it, this one's or another's, is old then. */
TEST("arch.user_state", bases_set_by_others)
{
	u32 cpu;

	for_each_cpu (cpu, &cpus_online)
		set_bases_of_sleeper(t, cpu);
}

static int restart(void *arg)
{
	struct operation *o = arg;

	EXPECT_EQ(o->t, cpu_down(o->cpu, 0), 0);
	EXPECT_EQ(o->t, cpu_up(o->cpu), 0);
	return 0;
}

/* INIT has emptied the registers, and nobody has loaded others. */
TEST("arch.user_state", kept_while_the_cpu_is_away, .cpus = 2)
{
	u32 cpu = other_than(BOOT_CPU);
	struct visitor *p = visitor_make(t, cpu, sleep_over_it, 77);

	if (p == NULL)
		return;
	completion_init(&sleeper.asleep);
	completion_init(&sleeper.wake);
	thread_start(p->thread);
	wait_for_completion(&sleeper.asleep);
	operate(t, cpu, restart);
	complete(&sleeper.wake);
	visitor_join(p);
}

/* --- each CPU ------------------------------------------------------------------------------ */

static void check_control(void *arg)
{
	struct test *t = arg;

	EXPECT_EQ(t, (read_cr4() & (CR4_OSFXSR | CR4_OSXMMEXCPT)), CR4_OSFXSR | CR4_OSXMMEXCPT);
	EXPECT_EQ(t, (read_cr4() & CR4_OSXSAVE) != 0, cpu_features.xsave);
	EXPECT_EQ(t, (read_cr4() & CR4_FSGSBASE) != 0, cpu_features.fsgsbase);
	EXPECT_EQ(t, read_cr0() & (CR0_TS | CR0_EM), 0);
	EXPECT_EQ(t, read_cr0() & (CR0_MP | CR0_NE), CR0_MP | CR0_NE);
}

TEST("arch.user_state", control_registers)
{
	on_each_cpu(check_control, t);
	test_note("a state is %u bytes", user_state_size());
}
