/* SPDX-License-Identifier: MIT */
/*
 * tests/arch_user_state.c - the registers of user mode that are in no trap frame: kept over every
 * way into the kernel, and what user mode does to them that it must not.
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/cpuid.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/time.h"
#include "arch/x86_64/trap.h"
#include "arch/x86_64/user_state.h"
#include "kernel/sched.h"
#include "lib/err.h"
#include "tests/cpus.h"
#include "tests/user_memory.h"
#include "tests/user_visitor.h"

#define FCW_DIVIDE   (FPU_FCW_FRESH & ~BIT(2)) /* 1 / 0 is an exception */
#define MXCSR_DIVIDE (FPU_MXCSR_FRESH & ~BIT(9))

/* --- ways into the kernel ------------------------------------------------------------------ */

#define WAY_ROUNDS 40

static void all_ways_in(struct visitor *p)
{
	for (u32 round = 0; round < WAY_ROUNDS; round++) {
		put_values(p);
		expect_values(p, "after #UD");
		EXPECT_EQ(p->t, ring3_with(user_state_read, 0, VISITOR_HOLE),
			  PROBE_FAULT(VECTOR_PF, PF_USER));
		expect_values(p, "after a page fault");
		EXPECT_EQ(p->t, ring3_with(user_state_read, 0, KERNEL_BASE) >> 8,
			  PROBE_FAULT(VECTOR_PF, 0) >> 8);
		expect_values(p, "after a page fault at a kernel address");
		EXPECT_EQ(p->t, ring3_with(user_state_read, RFLAGS_TF, VISITOR_DATA),
			  PROBE_FAULT(VECTOR_DB, 0));
		expect_values(p, "after #DB");
		EXPECT_EQ(p->t, ring3_with(user_state_spin, RFLAGS_IF, 0), UD_IN_USER_MODE);
		expect_values(p, "after interrupts, perhaps");
	}
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

static void spin_in_a_storm(struct visitor *p)
{
	for (u32 round = 0; round < STORM_ROUNDS; round++) {
		put_values(p);
		EXPECT_EQ(p->t, round % 2 ? spin_interrupted() : ring3(user_state_spin),
			  UD_IN_USER_MODE);
		expect_values(p, "in a storm");
	}
	__atomic_store_n(&storm_over, 1, __ATOMIC_RELEASE);
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

static void hostile_bases(struct visitor *p)
{
	static const u64 refused[] = { 1ul << 63, 0x0100000000000000ul, 0xfefffffffffffffful };
	u32 expected = cpu_features.fsgsbase ? PROBE_FAULT(VECTOR_GP, 0) : UD_IN_USER_MODE;

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
}

TEST("arch.user_state", bases_that_are_no_addresses)
{
	visitor_on_each_cpu(t, hostile_bases);
}

/* #XM and #MF; #NM there is none, whatever a thread does first. */
static void divide_by_zero(struct visitor *p)
{
	u32 raised;

	for (u32 round = 0; round < 3; round++) {
		put_values(p);
		p->got = p->want;
		p->got.mxcsr = (u32)MXCSR_DIVIDE;
		p->got.fcw = (u16)FCW_DIVIDE;
		EXPECT_EQ(p->t, copy_to_user(VISITOR_DATA, &p->got, sizeof(p->got)), 0);
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
}

TEST("arch.user_state", floating_point_exceptions)
{
	visitor_on_each_cpu(t, divide_by_zero);
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
