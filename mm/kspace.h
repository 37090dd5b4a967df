/* SPDX-License-Identifier: MIT */
/*
 * mm/kspace.h - the shared kernel half: what every page table has in the level-4 entries
 * 256..510, whether that is its top level or the table below its top-level entry 511.
 *
 * Its entries there are filled at boot and never change; below them mappings are
 * only added.  Each CPU's tables copy those entries (mm/cpu_tables.h).
 *
 *	direct map	RAM, read-write, never executable; kernel text and rodata
 *			read-only there too.  All of it (physmap=all), or the kernel's
 *			window of memory and what the loader and firmware left
 *	page array	struct page of each frame
 *	stacks		with a guard page below each; recycled, never unmapped
 *	devices		registers and framebuffer
 *	entry 511	here: the kernel image alone.  What a CPU has before it has more
 *
 * All of it is global, unless page tables are isolated: then what user mode must not see
 * may not stay in the TLB either, and only what the user PGD maps with the same rights
 * is global: entry text and the CPUs' entry areas.
 */
#pragma once

#include "arch/x86_64/pte.h"
#include "boot/handoff.h"
#include "mm/page.h"

enum physmap {
	PHYSMAP_ALL,
	PHYSMAP_KERNEL,
};

#define KERNEL_STACK_SIZE (16 * KIB)

/*
 * Build it.  @kmem: bytes of ZONE_KERNEL; 0: a quarter of memory.  On the loader's
 * tables, after boot_alloc_init().  0 or -ENOMEM.
 */
int kspace_init(const struct handoff *h, enum physmap physmap, u64 kmem) WARN_UNUSED_RESULT;

/* A table with the shared entries, 256..511 (the latter: image only), and no user half. */
paddr_t kspace_root(void);

/* The level-4 table of the kernel half below @root: @root itself with four levels. */
const pte_t *kspace_half(const pte_t *root);

/* The same, made if it is another table and not there.  NULL: out of memory. */
pte_t *kspace_make_half(pte_t *root) WARN_UNUSED_RESULT;

/* What goes below a CPU's own entry 511 to map the kernel image at KERNEL_BASE. */
pte_t kspace_image_entry(void);

/* The same for the tables of user PGDs: entry text and entry data, nothing else.  0: not isolated.
 */
pte_t kspace_entry_image(void);

/* Rights of kernel memory that is data; and of a CPU's entry area. */
pte_t kspace_data_flags(void);
pte_t kspace_area_flags(void);

/* The window of addresses whose RAM is ZONE_KERNEL. */
enum zone_id kspace_zone(paddr_t pa);
void kspace_kernel_window(paddr_t *start, paddr_t *end);

/*
 * Map @size bytes at @pa (any alignment) for good, read-write, with @cache: PTE_PCD
 * (registers) or PTE_PWT (write-combining).  The address of @pa, or NULL: out of memory.
 */
void *kspace_map_device(paddr_t pa, u64 size, pte_t cache) WARN_UNUSED_RESULT;

/* A kernel stack: the address of its top, 16-aligned; 0: out of memory. */
vaddr_t kspace_alloc_stack(void) WARN_UNUSED_RESULT;
void kspace_free_stack(vaddr_t top);

/*
 * Tables for a CPU that comes from real mode: the shared entries, and @page (physical,
 * below 1 MiB) at its own address, executable, not writable.  Their physical address,
 * below 4 GiB; 0: out of memory.  Before boot_alloc_close().
 */
paddr_t kspace_trampoline_root(paddr_t page) WARN_UNUSED_RESULT;
