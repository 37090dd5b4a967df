/* SPDX-License-Identifier: MIT */
/*
 * lib/ksyms.h - names for addresses in the kernel's text, for backtraces and messages.
 *
 * The tables are made by tools/ksyms from the linked kernel and linked into a second
 * pass.  They lie in .rodata.ksyms, which must come behind all text, so that the
 * second pass moves no function.  Read-only; any context, NMI included.
 */
#pragma once

#include "lib/types.h"

#define KSYMS_BASE 0xffffffff80000000ull /* the kernel image's base, KERNEL_BASE */

struct ksym {
	u32 offset; /* of the function, from KSYMS_BASE */
	u32 name;   /* index of its first character in ksyms_names */
};

extern const u32 ksyms_count;
extern const u32 ksyms_text_end;	/* offset of the first byte behind the last function */
extern const struct ksym ksyms_table[]; /* sorted by offset, no two the same */
extern const char ksyms_names[];	/* 0-terminated names */

/* The function that @address lies in, and how far in; null (and 0) if unknown. */
const char *ksym_find(u64 address, u64 *offset);

/* An address as messages show it, "%s+%#lx". */
struct ksym_place {
	const char *function; /* "?": unknown */
	u64 offset;
};

static inline struct ksym_place ksym_place(u64 address)
{
	struct ksym_place place;
	const char *name = ksym_find(address, &place.offset);

	place.function = name != NULL ? name : "?";
	return place;
}
