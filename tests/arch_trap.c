/* SPDX-License-Identifier: MIT */
/*
 * tests/arch_trap.c - interrupts, exceptions and NMIs come, return, and change nothing.
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/cpu_area.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/migrate.h"
#include "arch/x86_64/probe.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/time.h"
#include "arch/x86_64/trap.h"
#include "tests/cpus.h"
#include "tests/harness.h"

#define ROUNDS	   200
#define NMI_ROUNDS 50

static DEFINE_PER_CPU(u64, test_irqs);
static DEFINE_PER_CPU(u64, last_frame);
static DEFINE_PER_CPU(u64, last_flags);

static void on_test_irq(struct trapframe *f)
{
	this_cpu_inc(test_irqs);
	last_frame = (u64)f;
	last_flags = irq_flags();
}

static void reset_counts(void)
{
	u32 cpu;

	irq_set_handler(IRQ_TEST, on_test_irq);
	for_each_cpu (cpu, &cpus_online)
		*per_cpu_ptr(&test_irqs, cpu) = 0;
}

/* Each IPI sent to oneself arrives, once. */
TEST("arch.trap", self_ipis_arrive)
{
	u64 start = time_ns();

	reset_counts();
	migrate_disable();
	for (u64 i = 1; i <= ROUNDS; i++) {
		apic_send_ipi(apic_id(), IRQ_TEST);
		while (READ_ONCE(*this_cpu_ptr(&test_irqs)) < i && time_ns() - start < NS_PER_SEC)
			cpu_pause();
	}
	EXPECT_EQ(t, *this_cpu_ptr(&test_irqs), ROUNDS);
	migrate_enable();
	EXPECT_EQ(t, irq_depth, 0);
}

/* A kernel-mode interrupt stays on the stack that it interrupted, which is shared memory. */
TEST("arch.trap", kernel_interrupts_use_the_threads_stack)
{
	u64 here = (u64)__builtin_frame_address(0);

	reset_counts();
	migrate_disable();
	apic_send_ipi(apic_id(), IRQ_TEST);
	while (READ_ONCE(*this_cpu_ptr(&test_irqs)) == 0)
		cpu_pause();
	migrate_enable();
	EXPECT(t, last_frame < here && here - last_frame < KIB, "frame %#lx, stack %#lx",
	       last_frame, here);
	EXPECT(t, !is_cpu_local(last_frame), "%#lx", last_frame);
}

/* In the middle of a copy the user's memory is open: not to who interrupts it. */
TEST("arch.trap", interrupts_begin_with_smap)
{
	if (!cpu_features.smap) {
		test_skip(t, "this CPU has no SMAP");
		return;
	}
	reset_counts();
	migrate_disable();
	stac();
	apic_send_ipi(apic_id(), IRQ_TEST);
	while (READ_ONCE(*this_cpu_ptr(&test_irqs)) == 0)
		cpu_pause();
	EXPECT(t, irq_flags() & RFLAGS_AC, "the flag is not the interrupted one's any more");
	clac();
	EXPECT_EQ(t, *this_cpu_ptr(&last_flags) & RFLAGS_AC, 0);
	migrate_enable();
}

/* Registers hold through a storm of interrupts: rbx, r12..r15 against the handler's own. */
TEST("arch.trap", registers_survive)
{
	u64 bad = 0;

	reset_counts();
	for (u64 i = 0; i < ROUNDS; i++) {
		u64 sum;

		apic_send_ipi(apic_id(), IRQ_TEST);
		__asm__ volatile("mov $1, %%rbx; mov $2, %%r12; mov $3, %%r13; mov $4, %%r14\n\t"
				 "mov $5, %%rsi; mov $6, %%rdi; mov $7, %%r8; mov $8, %%r11\n\t"
				 "mov $2000, %%ecx\n"
				 "1: dec %%ecx; jnz 1b\n\t"
				 "lea (%%rbx, %%r12), %0; add %%r13, %0; add %%r14, %0\n\t"
				 "add %%rsi, %0; add %%rdi, %0; add %%r8, %0; add %%r11, %0"
				 : "=&a"(sum)
				 :
				 : "rbx", "r12", "r13", "r14", "rsi", "rdi", "r8", "r11", "rcx",
				   "cc", "memory");
		bad += sum != 36;
	}
	EXPECT_EQ(t, bad, 0);
}

static void count_nothing(void *arg)
{
	(void)arg;
}

/* NMIs outside a panic change nothing, whatever they interrupt. */
TEST("arch.trap", nmi_storm_is_harmless)
{
	u32 cpu, self = cpu_id;

	for (u64 i = 0; i < NMI_ROUNDS; i++)
		for_each_cpu (cpu, &cpus_online)
			apic_send_nmi(cpus[cpu].apic_id);
	EXPECT_EQ(t, cpu_id, self);
	for_each_cpu (cpu, &cpus_online)
		EXPECT_EQ(t, run_on_cpu(cpu, count_nothing, NULL), 0);
	EXPECT_EQ(t, nmi_depth, 0);
}

static void check_exceptions(void *arg)
{
	struct test *t = arg;

	for (u32 i = 0; i < ROUNDS; i++) {
		EXPECT_EQ(t, probe_read(0), PROBE_FAULT(VECTOR_PF, 0));
		EXPECT_EQ(t, probe_read(USER_END), PROBE_FAULT(VECTOR_GP, 0));
	}
	EXPECT_EQ(t, irq_depth != 0, cpu_id != 0); /* here by IPI, or by a plain call */
}

TEST("arch.trap", expected_faults_are_fixed_up)
{
	on_each_cpu(check_exceptions, t);
}

static void check_code_segment(void *arg)
{
	struct test *t = arg;
	u16 cs;

	__asm__ volatile("mov %%cs, %0" : "=r"(cs));
	EXPECT_EQ(t, cs, SEL_KERNEL_CODE);
}

TEST("arch.trap", code_segment)
{
	on_each_cpu(check_code_segment, t);
}

/* One of these may interrupt another: each has a stack of its own, with a guard below. */
static void check_ist_stacks(void *arg)
{
	const struct cpu_entry *e = (const struct cpu_entry *)cpu_area_base(cpu_id);
	struct test *t = arg;

	for (u32 i = 0; i < IST_COUNT; i++) {
		EXPECT(t, e->tss.ist[i] != 0, "CPU %u: IST %u has no stack", cpu_id, i + 1);
		for (u32 j = 0; j < i; j++) {
			u64 a = e->tss.ist[i], b = e->tss.ist[j];

			EXPECT(t, MAX(a, b) - MIN(a, b) > IST_STACK_SIZE,
			       "CPU %u: the stacks of IST %u and %u end at %#lx and %#lx", cpu_id,
			       i + 1, j + 1, a, b);
		}
	}
}

TEST("arch.trap", ist_stacks_are_apart)
{
	on_each_cpu(check_ist_stacks, t);
}
