/* SPDX-License-Identifier: MIT */
/*
 * tests/classic/arch_gs.c - the classic kernel: one table for all CPUs, GS tells them apart.
 */
#include "arch/x86_64/cpu_area.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/pte.h"
#include "mm/kspace.h"
#include "tests/cpus.h"
#include "tests/harness.h"

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
