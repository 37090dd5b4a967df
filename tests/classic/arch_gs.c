/* SPDX-License-Identifier: MIT */
/*
 * tests/classic/arch_gs.c - the classic kernel: one table for all CPUs, GS tells them apart.
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/cpu_area.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/probe.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/pte.h"
#include "arch/x86_64/time.h"
#include "mm/kspace.h"
#include "tests/cpus.h"
#include "tests/harness.h"
#include "tests/threads.h"
#include "tests/user_code.h"

static void check_gs(void *arg)
{
	struct test *t = arg;

	EXPECT_EQ(t, rdmsr(MSR_GS_BASE), percpu_offset[cpu_id]);
	EXPECT_EQ(t, read_cr3() & PTE_ADDRESS, kspace_root());
	EXPECT_EQ(t, cpus[cpu_id].neutral_root, kspace_root());
}

TEST("arch.gs", base_is_this_cpus)
{
	on_each_cpu(check_gs, t);
}

static void check_number_segment(void *arg)
{
	struct test *t = arg;
	u64 limit = ~0ul;

	__asm__ volatile("lsl %1, %0" : "+r"(limit) : "r"((u64)SEL_CPU_NUMBER) : "cc");
	EXPECT_EQ(t, limit, cpu_id);
}

/* What the NMI entry takes the base from. */
TEST("arch.gs", segment_limit_is_the_number)
{
	on_each_cpu(check_number_segment, t);
}

#define CODE	   0x400000ul
#define USER_BASE  0x123456789000ul
#define ROUNDS	   5u
#define NMI_GAP_NS (20 * NS_PER_US)

static u32 storm_over;

/* mov ecx, 2000000; 1: dec ecx; jnz 1b; ud2 */
static const u8 take_time[] = { 0xb9, 0x80, 0x84, 0x1e, 0x00, 0xff, 0xc9, 0x75, 0xfc, 0x0f, 0x0b };

static int ring3_with_a_base(void *arg)
{
	struct test *t = arg;
	struct mm *mm = user_code_mm(CODE, take_time, sizeof(take_time));

	EXPECT(t, mm != NULL, "out of memory");
	for (u32 i = 0; mm != NULL && i < ROUNDS; i++) {
		u64 flags;

		use(mm);
		flags = irq_save();
		wrmsr(MSR_KERNEL_GS_BASE, USER_BASE);
		EXPECT_EQ(t, user_call(CODE, CODE + PAGE_SIZE), PROBE_FAULT(VECTOR_UD, 0));
		EXPECT_EQ(t, rdmsr(MSR_KERNEL_GS_BASE), USER_BASE);
		irq_restore(flags);
		use(NULL);
	}
	if (mm != NULL)
		mm_put(mm);
	__atomic_store_n(&storm_over, 1, __ATOMIC_RELEASE);
	return 0;
}

/* An NMI in ring 3 leaves the base that it found. */
TEST("arch.gs", nmis_leave_the_users_base, .cpus = 2)
{
	u32 target = other_than(cpu_id);
	struct thread *thread;

	storm_over = 0;
	thread = start_thread(t, target, "ring 3", ring3_with_a_base, t);
	if (thread == NULL)
		return;
	while (!__atomic_load_n(&storm_over, __ATOMIC_ACQUIRE)) {
		apic_send_nmi(cpus[target].apic_id);
		time_spin_ns(NMI_GAP_NS);
	}
	thread_join(thread);
}
