/* SPDX-License-Identifier: MIT */
/*
 * tests/arch_tables.c - R1: on each CPU, the loaded table is its own, has no user half, and
 * maps the kernel half that all share, at level 4.  What entry 511 holds is the twins' own
 * (percpu/, classic/).
 */
#include "arch/x86_64/cpu_area.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/smp.h"
#include "mm/kspace.h"
#include "mm/pgtable.h"
#include "tests/cpus.h"
#include "tests/harness.h"
#include "tests/tables.h"

const pte_t *loaded_root(void)
{
	return phys_to_virt(pte_address(read_cr3()));
}

pte_t *kernel_leaf(vaddr_t va)
{
	pte_t *table = phys_to_virt(kspace_root());

	for (u32 level = PT_LEVEL_TOP; level > PT_LEVEL_LEAF; level--)
		table = phys_to_virt(pte_address(table[pt_index(va, level)]));
	return &table[pt_index(va, PT_LEVEL_LEAF)];
}

static void expect_empty(struct test *t, const char *what, const pte_t *table, u32 from, u32 to)
{
	for (u32 i = from; i < to; i++)
		EXPECT(t, table[i] == 0, "CPU %u: %s entry %u is %#lx", cpu_id, what, i, table[i]);
}

static void check_root(void *arg)
{
	struct test *t = arg;
	const pte_t *root = loaded_root(), *half = kspace_half(root);
	const pte_t *shared = kspace_half(phys_to_virt(kspace_root()));

	EXPECT_EQ(t, virt_to_phys(root), cpus[cpu_id].neutral_root);
	expect_empty(t, "neutral PGD", root, 0, PT_KERNEL_FIRST);
	for (u32 i = PT_KERNEL_FIRST; i < PT_CPU_LOCAL; i++)
		EXPECT(t, (half[i] & ~PTE_ACCESSED) == (shared[i] & ~PTE_ACCESSED),
		       "CPU %u: entry %u is %#lx, the shared one %#lx", cpu_id, i, half[i],
		       shared[i]);
	EXPECT_EQ(t, half != root, PT_LEVEL_TOP > PT_LEVEL_HALF);
	if (half != root) {
		expect_empty(t, "neutral PGD", root, PT_KERNEL_FIRST, PT_CPU_LOCAL);
		expect_empty(t, "level-4", half, 0, PT_KERNEL_FIRST);
	}
}

TEST("arch.tables", neutral_pgd_of_each_cpu)
{
	on_each_cpu(check_root, t);
}

static void check_levels(void *arg)
{
	struct test *t = arg;
	struct translation tr = pgtable_translate(loaded_root(), (vaddr_t)check_levels);

	EXPECT_EQ(t, cpu_paging_levels(), PT_LEVEL_TOP);
	EXPECT(t, tr.present && tr.exec, "CPU %u: the walk does not find this code", cpu_id);
	EXPECT_EQ(t, pt_index(USER_END - 1, PT_LEVEL_TOP), PT_KERNEL_FIRST - 1);
	EXPECT_EQ(t, pt_index(DIRECT_MAP_BASE, PT_LEVEL_HALF), PT_KERNEL_FIRST);
	EXPECT(t, pt_index(DIRECT_MAP_BASE, PT_LEVEL_TOP) >= PT_KERNEL_FIRST, "direct map");
}

/* Each CPU walks as many levels as the kernel makes. */
TEST("arch.tables", levels_are_those_of_each_cpu)
{
	on_each_cpu(check_levels, t);
}

/* The entry area and its stacks are mapped where this CPU's TSS says, guards are not. */
static void check_area(void *arg)
{
	struct test *t = arg;
	const pte_t *root = loaded_root();

	for (u32 i = 0; i < CPU_AREA_PAGES; i++) {
		vaddr_t va = cpu_area_base(cpu_id) + i * PAGE_SIZE;
		struct translation tr = pgtable_translate(root, va);

		EXPECT(t, tr.present == cpu_area_page_is_memory(i),
		       "CPU %u: page %u of the entry area at %#lx", cpu_id, i, va);
		EXPECT(t, !tr.present || (tr.write && !tr.exec && !tr.user),
		       "CPU %u: rights of page %u of the entry area", cpu_id, i);
	}
}

TEST("arch.tables", entry_area_and_guards)
{
	on_each_cpu(check_area, t);
}

struct walk {
	struct test *t;
	u64 leaves, bad;
};

static bool check_leaf(void *arg, vaddr_t va, u64 size, const struct translation *tr)
{
	struct walk *w = arg;

	w->leaves++;
	if ((tr->write && tr->exec && cpu_features.nx) || tr->user) {
		w->bad++;
		test_fail(w->t, __FILE__, __LINE__, "CPU %u: %#lx + %#lx is %s%s%s", cpu_id, va,
			  size, tr->write ? "w" : "-", tr->exec ? "x" : "-", tr->user ? "u" : "-");
	}
	return w->bad < 8;
}

static void walk_everything(void *arg)
{
	struct walk w = { .t = arg };

	pgtable_visit(loaded_root(), DIRECT_MAP_BASE, ~0ul, check_leaf, &w);
	EXPECT(w.t, w.leaves > 100, "CPU %u: only %lu leaves were walked", cpu_id, w.leaves);
}

/* No byte of any CPU's tables is writable and executable, or the user's. */
TEST("arch.tables", write_xor_execute)
{
	on_each_cpu(walk_everything, t);
}
