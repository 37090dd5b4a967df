/* SPDX-License-Identifier: MIT */
/*
 * mm/cpu_tables.c - see cpu_tables.h: what both kernels do alike.
 */
#include "twin_load_root.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/smp.h"
#include "lib/assert.h"
#include "lib/err.h"
#include "lib/string.h"
#include "mm/cpu_tables.h"
#include "mm/kmap.h"
#include "mm/page_alloc.h"
#include "mm/kspace.h"
#include "mm/pgtable.h"

/* linker.ld */
extern const u8 percpu_begin[], percpu_end[], percpu_template[], percpu_load[], kernel_begin[];

static struct cpu_memory memory[MAX_CPUS];

u64 cpu_variables_size(void)
{
	return (u64)(percpu_end - percpu_begin);
}

/* A fresh copy of the template, the state of the image before any CPU ran. */
static paddr_t make_variables(void)
{
	struct page *page = alloc_pages(ZONE_KERNEL, page_order_for(cpu_variables_size()));

	if (page == NULL)
		return 0;
	memcpy(page_address(page), percpu_template, cpu_variables_size());
	return page_to_phys(page);
}

static int make_area(struct cpu_memory *m)
{
	for (u32 i = 0; i < CPU_AREA_PAGES; i++) {
		if (!cpu_area_page_is_memory(i) || m->area[i] != 0)
			continue;
		m->area[i] = pgtable_alloc();
		if (m->area[i] == 0)
			return -ENOMEM;
	}
	return 0;
}

int cpu_map_area(pte_t *root, u32 cpu, const struct cpu_memory *m)
{
	for (u32 i = 0; i < CPU_AREA_PAGES; i++) {
		int err;

		if (m->area[i] == 0)
			continue;
		err = pgtable_map(root, cpu_area_base(cpu) + i * PAGE_SIZE, m->area[i], PAGE_SIZE,
				  kspace_area_flags(), PT_LEVEL_LEAF);
		if (err && err != -EEXIST) /* a second attempt finds the first one's */
			return err;
	}
	return 0;
}

/* The loader put the boot CPU's copy behind the rest of the image. */
static paddr_t boot_variables(paddr_t kernel_phys)
{
	return kernel_phys + (u64)(percpu_load - kernel_begin);
}

int cpu_tables_create(u32 cpu)
{
	struct cpu_memory *m = &memory[cpu];
	paddr_t root;

	if (cpus[cpu].neutral_root != 0)
		return kmap_prepare_cpu(cpu);
	if (m->variables == 0)
		m->variables = make_variables();
	if (m->variables == 0 || make_area(m) != 0)
		return -ENOMEM;
	root = twin_map_cpu(cpu, m);
	if (root == 0)
		return -ENOMEM;
	percpu_offset[cpu] = (vaddr_t)phys_to_virt(m->variables) - PERCPU_BASE;
	cpus[cpu].neutral_root = root;
	return kmap_prepare_cpu(cpu);
}

int cpu_tables_enter_boot_cpu(paddr_t kernel_phys)
{
	int err;

	memory[0].variables = boot_variables(kernel_phys);
	err = cpu_tables_create(0);
	if (err)
		return err;
	load_first_root(cpus[0].neutral_root, percpu_offset[0]);
	return 0;
}
