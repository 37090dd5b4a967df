/* SPDX-License-Identifier: MIT */
/*
 * boot/tables.c - the page tables that the kernel starts on.
 *
 * Four levels: the kernel's segments in 4 KiB pages with the rights that their program
 * headers ask for, and [0, 4 GiB) in 2 MiB pages, at 0 and at HANDOFF_DIRECT_MAP.  The
 * two share the tables below the top level, where the latter's entry alone has NX.  The
 * framebuffer, wherever it lies, is there too.
 */
#include "boot/loader.h"

#define PTE_PRESENT  BIT(0)
#define PTE_WRITABLE BIT(1)
#define PTE_HUGE     BIT(7)
#define PTE_NX	     BIT(63)
#define PTE_ADDRESS  0x000ffffffffff000ul

#define ENTRIES	  512
#define HUGE_SIZE (2 * MIB)
#define TOP_LEVEL 4

#define CPUID_EXTENDED	  0x80000001u
#define CPUID_EXTENDED_NX BIT(20) /* in EDX */

bool cpu_has_nx(void)
{
	u32 eax = CPUID_EXTENDED, ebx, ecx = 0, edx;

	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	return (edx & CPUID_EXTENDED_NX) != 0;
}

static u64 *new_table(void)
{
	return low_alloc(1, "page tables");
}

static u64 *entry_of(u64 *table, vaddr_t va, int level)
{
	return &table[(va >> (PAGE_SHIFT + 9 * (level - 1))) % ENTRIES];
}

/* The table under @table's entry for @va, made if it is not there. */
static u64 *next_table(u64 *table, vaddr_t va, int level)
{
	u64 *entry = entry_of(table, va, level);

	if (*entry == 0)
		*entry = (uintptr_t)new_table() | PTE_PRESENT | PTE_WRITABLE;
	return (u64 *)(uintptr_t)(*entry & PTE_ADDRESS);
}

static void map_page(u64 *top, vaddr_t va, paddr_t pa, u64 flags)
{
	u64 *table = top;

	for (int level = TOP_LEVEL; level > 1; level--)
		table = next_table(table, va, level);
	*entry_of(table, va, 1) = pa | flags;
}

static void map_segment(u64 *top, const struct elf_segment *s, paddr_t pa, u64 nx)
{
	u64 flags = PTE_PRESENT;

	if (s->flags & ELF_WRITE)
		flags |= PTE_WRITABLE;
	if (!(s->flags & ELF_EXECUTE))
		flags |= nx;
	for (u64 at = 0; at < s->memsz; at += PAGE_SIZE)
		map_page(top, s->vaddr + at, pa + at, flags);
}

/* [start, end) in 2 MiB pages, at @offset + its own address. */
static void map_huge(u64 *top, paddr_t start, paddr_t end, u64 offset)
{
	for (paddr_t pa = start & ~(HUGE_SIZE - 1); pa < end; pa += HUGE_SIZE) {
		u64 *table = next_table(next_table(top, offset + pa, 4), offset + pa, 3);

		*entry_of(table, offset + pa, 2) = pa | PTE_PRESENT | PTE_WRITABLE | PTE_HUGE;
	}
}

static void map_low_memory(u64 *top, u64 nx)
{
	map_huge(top, 0, LOW_END, 0);
	*entry_of(top, HANDOFF_DIRECT_MAP, TOP_LEVEL) = *entry_of(top, 0, TOP_LEVEL) | nx;
}

/* A framebuffer may lie above what map_low_memory() has mapped. */
static void map_framebuffer(u64 *top)
{
	const struct handoff_framebuffer *fb = &handoff->fb;

	if (fb->phys != 0)
		map_huge(top, fb->phys, fb->phys + (u64)fb->pitch * fb->height, HANDOFF_DIRECT_MAP);
}

u64 make_tables(const struct elf_image *image)
{
	u64 nx = cpu_has_nx() ? PTE_NX : 0;
	u64 *top = new_table();

	say("making page tables%s", nx ? "" : " (this CPU has no NX: data stay executable)");
	map_low_memory(top, nx);
	map_framebuffer(top);
	for (u32 i = 0; i < image->n; i++) {
		const struct elf_segment *s = &image->segments[i];

		map_segment(top, s, handoff->kernel_phys + (s->paddr - image->phys_lo), nx);
	}
	return (uintptr_t)top;
}
