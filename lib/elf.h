/* SPDX-License-Identifier: MIT */
/*
 * lib/elf.h - is this file a kernel that a loader can load?
 *
 * A good kernel is a static x86-64 ELF64 executable.  Its PT_LOAD segments begin at
 * page boundaries, share no page, virtual or physical, lie in the top 2 GiB, and
 * none is both writable and executable.  Whoever passes elf_check() may be loaded
 * without further checks.
 */
#pragma once

#include "lib/types.h"

#define ELF_MAX_SEGMENTS 8
#define ELF_VIRT_MIN	 0xffffffff80000000ull
#define ELF_PHYS_SPAN	 GIB /* most that the segments may span in physical memory */
#define ELF_WHY_MAX	 96  /* a buffer of this size holds any reason */

enum elf_segment_flags {
	ELF_EXECUTE = 1,
	ELF_WRITE = 2,
	ELF_READ = 4,
};

/* All in bytes.  The file's @filesz bytes at @offset, then zeros up to @memsz. */
struct elf_segment {
	u64 offset, filesz;
	u64 vaddr, paddr, memsz;
	u32 flags;
};

struct elf_image {
	u64 entry;	      /* virtual */
	u64 phys_lo, phys_hi; /* page-aligned; all segments lie in [phys_lo, phys_hi) */
	unsigned int n;
	struct elf_segment segments[ELF_MAX_SEGMENTS];
};

/*
 * Fill *@out from the @size bytes at @file, which need no alignment.  Returns 0, or
 * -ENOEXEC with one line (without newline) in @why; *@out is then undefined.
 * Segments are numbered in the order of the file, PT_LOAD alone.  Any context.
 */
int elf_check(const void *file, size_t size, struct elf_image *out, char *why, size_t why_size);
