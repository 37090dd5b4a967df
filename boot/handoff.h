/* SPDX-License-Identifier: MIT */
/*
 * boot/handoff.h - what a loader leaves behind for the kernel: the one contract
 * between boot/ and the kernel, the same for UEFI and BIOS.
 *
 * State at the kernel's entry point (the ELF's e_entry):
 *   - 64-bit mode, interrupts off, direction flag clear;
 *   - four levels of page tables, or five: CR4.LA57 says which.  Five where the CPU has
 *     them, unless the command line says la57=off;
 *   - RDI: physical address of a struct handoff; RSP: undefined;
 *   - CR3: the loader's tables, which map
 *	 + each PT_LOAD segment of the kernel at its p_vaddr, with its own rights
 *	  (no page is writable and executable; NX is used where the CPU has it);
 *	 + physical memory [0, 4 GiB) at 0 and again at HANDOFF_DIRECT_MAP, both
 *	  writable, the latter never executable;
 *   - EFER.NXE set where the CPU has NX; CR0.WP set; firmware's services gone.
 *
 * The segments lie in one physically contiguous block: a segment is found at
 * kernel_phys + (p_paddr - the lowest p_paddr).  Everything the loader made (this
 * struct, its page tables, the archive) lies below 4 GiB in ranges marked
 * MEM_LOADER or MEM_KERNEL.  All addresses in this file are physical, in bytes.
 */
#pragma once

#include <stdint.h>

#define HANDOFF_MAGIC	   0x3147415250444e48ull /* "HNDPRAG1" */
#define HANDOFF_VERSION	   3
#define HANDOFF_DIRECT_MAP 0xffff800000000000ull
#define HANDOFF_MAX_RANGES 256
#define HANDOFF_CMDLINE	   1024

enum handoff_firmware {
	FIRMWARE_UEFI = 1,
	FIRMWARE_BIOS = 2,
};

enum mem_type {
	MEM_USABLE = 1,	  /* free from the first moment */
	MEM_LOADER = 2,	  /* the loader's: free once the kernel no longer needs it */
	MEM_KERNEL = 3,	  /* the kernel image, bss and per-CPU template included */
	MEM_ACPI = 4,	  /* ACPI tables: readable RAM, kept */
	MEM_RESERVED = 5, /* never touched: firmware, MMIO, bad memory, NVS */
	MEM_ARCHIVE = 6,  /* the boot archive: kept */
	MEM_RESULTS = 7,  /* for results, which are to survive a reset: kept */
};

/* Sorted by start, not overlapping, page-aligned (usable shrunk, others grown). */
struct handoff_range {
	uint64_t start;
	uint64_t end; /* the first byte after it */
	uint32_t type;
	uint32_t reserved;
};

/* phys == 0: there is none.  Only 32-bit pixels are handed over. */
struct handoff_framebuffer {
	uint64_t phys;
	uint32_t width, height; /* pixels */
	uint32_t pitch;		/* bytes from one line to the next */
	uint8_t red_shift, green_shift, blue_shift;
	uint8_t reserved;
};

struct handoff {
	uint64_t magic;
	uint32_t version;
	uint32_t size; /* sizeof(struct handoff) as the loader knew it */
	uint32_t firmware;
	uint32_t range_count;
	uint64_t rsdp; /* ACPI root pointer; 0: none was found */
	uint64_t kernel_phys, kernel_size;
	uint64_t archive_phys, archive_size; /* 0: no boot archive */
	uint64_t results_phys, results_size; /* a struct kept (lib/kept.h), begun; 0: none */
	struct handoff_framebuffer fb;
	char loader[32];	       /* the loader's name and version, for the log */
	char cmdline[HANDOFF_CMDLINE]; /* menu entry's words, then cmdline.txt's; 0-terminated */
	struct handoff_range ranges[HANDOFF_MAX_RANGES];
};

_Static_assert(sizeof(struct handoff) == 104 + 32 + HANDOFF_CMDLINE + 24 * HANDOFF_MAX_RANGES,
	       "the layout is the contract");
