/* SPDX-License-Identifier: MIT */
/*
 * lib/elf.h - is this file a kernel, or a user program, that can be loaded?
 *
 * A good one is a static x86-64 ELF64 executable.  Its PT_LOAD segments begin at page
 * boundaries, share no page, lie where the rules allow, are readable, and none is both
 * writable and executable.  Whoever passes elf_check() may be loaded without further checks.
 */
#pragma once

#include "lib/types.h"

#define ELF_MAX_SEGMENTS 8
#define ELF_WHY_MAX	 96 /* a buffer of this size holds any reason */

/* Where segments may be: what differs between a kernel and a user program. */
struct elf_rules {
	u64 virt_min, virt_end; /* page-aligned: all segments lie in [virt_min, virt_end) */
	const char *where;	/* what that range is called, in at most 24 characters */
	u64 phys_span;		/* bytes that they may span in physical memory; 0: they have no
				   place there, and p_paddr is not looked at */
};

/* A kernel: in the top 2 GiB, without its last page, and within 1 GiB of physical memory. */
extern const struct elf_rules elf_kernel_rules;

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
	u64 phys_lo, phys_hi; /* page-aligned; all segments lie in [phys_lo, phys_hi), if the
				 rules say something about it; else 0 */
	unsigned int n;
	struct elf_segment segments[ELF_MAX_SEGMENTS];
};

/*
 * Fill *@out from the @size bytes at @file, which need no alignment, if they keep @rules.
 * Returns 0, or -ENOEXEC with one line (without newline) in @why; *@out is then undefined.
 * Segments are numbered in the order of the file, PT_LOAD alone.  Any context.
 */
int elf_check(const void *file, size_t size, const struct elf_rules *rules, struct elf_image *out,
	      char *why, size_t why_size);
