/* SPDX-License-Identifier: MIT */
/*
 * kernel/exec.h - a program's file becomes an address space.
 *
 * Each segment is a region of private memory with the segment's rights; none is writable and
 * executable.  There is a stack below EXEC_STACK_TOP, zeroed and made as it is touched, and
 * below it a page that nothing else is mapped at and every access faults on.  As it is zero, no
 * arguments lie on it (abi.h); exec_args.h puts some there.
 */
#pragma once

#include "mm/mm.h"

/* Below 1 GiB, as programs are: the stack then needs one page table of its own, no more. */
#define EXEC_STACK_TOP	GIB
#define EXEC_STACK_SIZE (256 * KIB)
#define EXEC_GUARD_SIZE PAGE_SIZE
#define EXEC_STACK_LOW	(EXEC_STACK_TOP - EXEC_STACK_SIZE)
#define EXEC_NO_ARGS	(2 * sizeof(u64)) /* bytes: a count of 0, and the null pointer */

#define EXEC_WHY_MAX 96 /* a buffer of this size holds any reason */

/* Where the first thread begins. */
struct exec_image {
	vaddr_t entry;
	vaddr_t stack; /* the stack pointer, 16-aligned: where the arguments are */
};

/*
 * Load the @size bytes at @file, which stay and may be anything, into @mm, which is empty and
 * that nobody else changes.  0; -ENOEXEC: not a good program (lib/elf.h), or it wants the
 * stack's place; -ENOMEM.  After an error @mm has no regions and no pages again, and @why one
 * line that says what is wrong.  Interrupts on, no lock held; @mm need not be loaded.
 */
int exec_load(struct mm *mm, const void *file, size_t size, struct exec_image *out, char *why,
	      size_t why_size) WARN_UNUSED_RESULT;
