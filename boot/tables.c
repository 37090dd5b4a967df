/* SPDX-License-Identifier: MIT */
/*
 * boot/tables.c - the page tables that the kernel starts on.
 *
 * Four levels or five: the kernel's segments in 4 KiB pages with the rights that their
 * program headers ask for, and [0, 4 GiB) in 2 MiB pages, at 0 and at HANDOFF_DIRECT_MAP.
 * The two share the tables below level 4, where the latter's entry alone has NX.  The
 * framebuffer, wherever it lies, is there too.
 */
#include "boot/loader.h"
#include "lib/cmdline.h"
#include "lib/string.h"

#define PTE_PRESENT  BIT(0)
#define PTE_WRITABLE BIT(1)
#define PTE_HUGE     BIT(7)
#define PTE_NX	     BIT(63)
#define PTE_ADDRESS  0x000ffffffffff000ul

#define ENTRIES	   512
#define HUGE_SIZE  (2 * MIB)
#define HUGE_LEVEL 2u
#define HALF_LEVEL 4u /* whose entries both halves have, with any number of levels */

#define CPUID_FEATURES	    7u
#define CPUID_FEATURES_LA57 BIT(16) /* in ECX */
#define CPUID_EXTENDED	    0x80000001u
#define CPUID_EXTENDED_NX   BIT(20) /* in EDX */

enum { EAX, EBX, ECX, EDX };

static u32 top_level; /* of the tables that are being made */

static void cpuid(u32 leaf, u32 out[4])
{
	__asm__ volatile("cpuid"
			 : "=a"(out[EAX]), "=b"(out[EBX]), "=c"(out[ECX]), "=d"(out[EDX])
			 : "a"(leaf), "c"(0));
}

bool cpu_has_nx(void)
{
	u32 r[4];

	cpuid(CPUID_EXTENDED, r);
	return (r[EDX] & CPUID_EXTENDED_NX) != 0;
}

static bool cpu_has_la57(void)
{
	u32 r[4];

	cpuid(0, r);
	if (r[EAX] < CPUID_FEATURES)
		return false;
	cpuid(CPUID_FEATURES, r);
	return (r[ECX] & CPUID_FEATURES_LA57) != 0;
}

u32 choose_levels(void)
{
	size_t len;
	const char *word = cmdline_find(handoff->cmdline, "la57", &len);

	if (word && len == 3 && memcmp(word, "off", len) == 0)
		return 4;
	if (cpu_has_la57())
		return 5;
	if (word && len == 2 && memcmp(word, "on", len) == 0)
		say("la57=on: this CPU has no five-level paging, it gets four levels");
	return 4;
}

static u64 *new_table(void)
{
	return low_alloc(1, "page tables");
}

static u64 *entry_of(u64 *table, vaddr_t va, u32 level)
{
	return &table[(va >> (PAGE_SHIFT + 9 * (level - 1))) % ENTRIES];
}

/* The table under @table's entry for @va, made if it is not there. */
static u64 *next_table(u64 *table, vaddr_t va, u32 level)
{
	u64 *entry = entry_of(table, va, level);

	if (*entry == 0)
		*entry = (uintptr_t)new_table() | PTE_PRESENT | PTE_WRITABLE;
	return (u64 *)(uintptr_t)(*entry & PTE_ADDRESS);
}

/* The entry for @va at @level, in tables that are made as needed. */
static u64 *entry_at(u64 *top, vaddr_t va, u32 level)
{
	u64 *table = top;

	for (u32 l = top_level; l > level; l--)
		table = next_table(table, va, l);
	return entry_of(table, va, level);
}

static void map_segment(u64 *top, const struct elf_segment *s, paddr_t pa, u64 nx)
{
	u64 flags = PTE_PRESENT;

	if (s->flags & ELF_WRITE)
		flags |= PTE_WRITABLE;
	if (!(s->flags & ELF_EXECUTE))
		flags |= nx;
	for (u64 at = 0; at < s->memsz; at += PAGE_SIZE)
		*entry_at(top, s->vaddr + at, 1) = (pa + at) | flags;
}

/* [start, end) in 2 MiB pages, at @offset + its own address. */
static void map_huge(u64 *top, paddr_t start, paddr_t end, u64 offset)
{
	for (paddr_t pa = start & ~(HUGE_SIZE - 1); pa < end; pa += HUGE_SIZE)
		*entry_at(top, offset + pa, HUGE_LEVEL) =
			pa | PTE_PRESENT | PTE_WRITABLE | PTE_HUGE;
}

static void map_low_memory(u64 *top, u64 nx)
{
	map_huge(top, 0, LOW_END, 0);
	*entry_at(top, HANDOFF_DIRECT_MAP, HALF_LEVEL) = *entry_at(top, 0, HALF_LEVEL) | nx;
}

/* A framebuffer may lie above what map_low_memory() has mapped. */
static void map_framebuffer(u64 *top)
{
	const struct handoff_framebuffer *fb = &handoff->fb;

	if (fb->phys != 0)
		map_huge(top, fb->phys, fb->phys + (u64)fb->pitch * fb->height, HANDOFF_DIRECT_MAP);
}

u64 make_tables(const struct elf_image *image, u32 levels)
{
	u64 nx = cpu_has_nx() ? PTE_NX : 0;
	u64 *top = new_table();

	top_level = levels;
	say("making page tables of %u levels%s", levels,
	    nx ? "" : " (this CPU has no NX: data stay executable)");
	map_low_memory(top, nx);
	map_framebuffer(top);
	for (u32 i = 0; i < image->n; i++) {
		const struct elf_segment *s = &image->segments[i];

		map_segment(top, s, handoff->kernel_phys + (s->paddr - image->phys_lo), nx);
	}
	return (uintptr_t)top;
}
