/* SPDX-License-Identifier: MIT */
/*
 * tests/program.h - a program made by a test: three segments, then one thing is changed.
 */
#pragma once

#include "lib/types.h"

#define PROGRAM_BASE	 0x400000ul
#define PROGRAM_TEXT	 (PROGRAM_BASE)
#define PROGRAM_RODATA	 (PROGRAM_BASE + 0x1000)
#define PROGRAM_DATA	 (PROGRAM_BASE + 0x2000)
#define PROGRAM_SEGMENTS 3u

/* What stands in the ELF specification. */
struct elf_header {
	u8 ident[16];
	u16 type, machine;
	u32 version;
	u64 entry, phoff, shoff;
	u32 flags;
	u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_program_header {
	u32 type, flags;
	u64 offset, vaddr, paddr, filesz, memsz, align;
};

STATIC_ASSERT(sizeof(struct elf_header) == 64 && sizeof(struct elf_program_header) == 56, "ELF");

#define PROGRAM_DATA_BYTES (PAGE_SIZE + 0x123) /* in the file */
#define PROGRAM_DATA_SIZE  (3 * PAGE_SIZE)     /* in memory */

struct program {
	struct elf_header e;
	struct elf_program_header p[PROGRAM_SEGMENTS];
	u8 fill[PAGE_SIZE - sizeof(struct elf_header) -
		PROGRAM_SEGMENTS * sizeof(struct elf_program_header)];
	u8 text[PAGE_SIZE];
	u8 rodata[PAGE_SIZE];
	u8 data[2 * PAGE_SIZE];
};
