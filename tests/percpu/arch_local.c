/* SPDX-License-Identifier: MIT */
/*
 * tests/percpu/arch_local.c - R1 in the percpu kernel: entry 511 is each CPU's own, that of
 * the top level and, with five levels, that of the level-4 table below it.
 */
#include "arch/x86_64/smp.h"
#include "mm/cpu_tables.h"
#include "mm/kspace.h"
#include "mm/pgtable.h"
#include "tests/cpus.h"
#include "tests/harness.h"
#include "tests/tables.h"

static paddr_t top_511[MAX_CPUS], half_511[MAX_CPUS], variables[MAX_CPUS], area[MAX_CPUS];

static void note_local(void *arg)
{
	const pte_t *root = loaded_root();

	(void)arg;
	top_511[cpu_id] = pte_address(root[PT_CPU_LOCAL]);
	half_511[cpu_id] = pte_address(kspace_half(root)[PT_CPU_LOCAL]);
	variables[cpu_id] = pgtable_translate(root, PERCPU_BASE).pa;
	area[cpu_id] = pgtable_translate(root, cpu_area_base(cpu_id)).pa;
}

static void expect_distinct(struct test *t, const char *what, const paddr_t *of)
{
	u32 a, b;

	for_each_cpu (a, &cpus_online)
		for_each_cpu (b, &cpus_online)
			EXPECT(t, a == b || of[a] != of[b], "CPUs %u and %u share %s at %#lx", a, b,
			       what, of[a]);
}

TEST("arch.local", no_two_cpus_share, .cpus = 2)
{
	on_each_cpu(note_local, NULL);
	expect_distinct(t, "entry 511", top_511);
	expect_distinct(t, "level-4 entry 511", half_511);
	expect_distinct(t, "their variables", variables);
	expect_distinct(t, "their entry area", area);
}

static void note_address(void *arg)
{
	u64 *address = arg;

	address[cpu_id] = (u64)&cpu_id;
}

/* One address on all CPUs, and on each of them its own number behind it. */
TEST("arch.local", one_address_for_all)
{
	static u64 address[MAX_CPUS];
	u32 cpu;

	on_each_cpu(note_address, address);
	for_each_cpu (cpu, &cpus_online) {
		EXPECT_EQ(t, address[cpu], address[0]);
		EXPECT(t, is_cpu_local(address[cpu]), "%#lx", address[cpu]);
	}
}

static void check_image(void *arg)
{
	struct test *t = arg;
	const pte_t *level3 = phys_to_virt(pte_address(kspace_half(loaded_root())[PT_CPU_LOCAL]));
	u32 image = pt_index(KERNEL_BASE, PT_LEVEL_1G);
	u32 local = pt_index(PERCPU_BASE, PT_LEVEL_1G);

	for (u32 i = 0; i < PT_ENTRIES; i++)
		EXPECT(t, i == image || i == local || level3[i] == 0,
		       "CPU %u: stray entry %u below 511: %#lx", cpu_id, i, level3[i]);
	EXPECT_EQ(t, level3[image] & ~PTE_ACCESSED, kspace_image_entry() & ~PTE_ACCESSED);
}

/* The kernel image is the same memory on all CPUs; beside it lies nothing but the CPU's own. */
TEST("arch.local", image_is_shared_below)
{
	on_each_cpu(check_image, t);
}
