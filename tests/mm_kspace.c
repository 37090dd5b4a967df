/* SPDX-License-Identifier: MIT */
/*
 * tests/mm_kspace.c - the shared kernel half: what the direct map covers, devices, stacks.
 */
#include "kernel/options.h"
#include "mm/kspace.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "tests/cpus.h"
#include "tests/harness.h"
#include "tests/storm.h"
#include "tests/tables.h"

/* Each frame of each zone: mapped exactly if the zone is, to itself, read-write, NX. */
TEST("mm.kspace", direct_map_covers_its_zones)
{
	const pte_t *root = loaded_root();

	for (u32 i = 0; i < page_range_count; i++) {
		const struct page_range *r = &page_ranges[i];
		bool mapped = r->zone == ZONE_KERNEL || options.physmap == PHYSMAP_ALL;
		u64 step = MAX((r->end - r->start) / 256, 1);

		for (u64 pfn = r->start; pfn < r->end; pfn += step) {
			paddr_t pa = pfn << PAGE_SHIFT;
			struct translation tr = pgtable_translate(root, (vaddr_t)phys_to_virt(pa));

			EXPECT(t, tr.present == mapped, "%#lx (zone %u)", pa, r->zone);
			EXPECT(t, !tr.present || (tr.pa == pa && tr.write && !tr.user),
			       "%#lx is mapped to %#lx", pa, tr.pa);
		}
	}
}

/* kmem= is kept: the kernel's zone is what was asked for, to a large page. */
TEST("mm.kspace", kernel_zone_has_its_size)
{
	struct page_alloc_stats kernel, user;
	u64 all;

	page_alloc_stats(ZONE_KERNEL, &kernel);
	page_alloc_stats(ZONE_USER, &user);
	all = (kernel.total + user.total) * PAGE_SIZE;
	if (options.kmem == 0)
		EXPECT(t, kernel.total * PAGE_SIZE < all / 2, "%lu of %lu KiB",
		       kernel.total * PAGE_SIZE / KIB, all / KIB);
	else
		EXPECT(t, kernel.total * PAGE_SIZE <= MAX(options.kmem, all / 32) + 32 * MIB,
		       "%lu KiB", kernel.total * PAGE_SIZE / KIB);
	test_note("%lu KiB kernel, %lu KiB user", kernel.total * PAGE_SIZE / KIB,
		  user.total * PAGE_SIZE / KIB);
}

/* Two mappings of one page, one uncached: the same bytes, and a hole behind each. */
TEST("mm.kspace", device_mappings)
{
	struct page *page = alloc_page(ZONE_KERNEL);
	volatile u32 *device;

	EXPECT(t, page != NULL, "out of memory");
	device = kspace_map_device(page_to_phys(page) + 8, 8, PTE_PCD);
	EXPECT(t, device != NULL, "out of memory");
	((volatile u32 *)page_address(page))[2] = 0xfeedface;
	EXPECT_EQ(t, *device, 0xfeedface);
	EXPECT(t, !pgtable_translate(loaded_root(), (vaddr_t)device + PAGE_SIZE).present,
	       "no hole behind %p", (void *)device);
	/* The mapping is for good, so the page is too. */
}

static void see_stack(void *arg)
{
	*(volatile u64 *)*(u64 *)arg = cpu_id;
}

/* A stack made on one CPU is there on all others at once: the shared half is shared. */
TEST("mm.kspace", new_stacks_are_seen_everywhere)
{
	static struct storm_clock stacks;
	static u64 word;
	vaddr_t tops[32];
	u32 cpu, n = 0;

	storm_clock_start(&stacks, STORM_NS, ARRAY_SIZE(tops));
	for (; storm_step_due(&stacks); n++) {
		tops[n] = kspace_alloc_stack();
		EXPECT(t, tops[n] != 0, "stack %u: out of memory", n);
		if (tops[n] == 0)
			return;
		word = tops[n] - KERNEL_STACK_SIZE;
		for_each_cpu (cpu, &cpus_online) {
			run_on_cpu(cpu, see_stack, &word);
			EXPECT_EQ(t, *(volatile u64 *)word, cpu);
		}
	}
	while (n-- > 0)
		kspace_free_stack(tops[n]);
}
