/* SPDX-License-Identifier: MIT */
/*
 * boot/bios/multiboot.h - the BIOS loader's files to each other, and what it reads of
 * the multiboot2 information (tags at 8-byte boundaries, the last of type TAG_END).
 */
#pragma once

#include "boot/loader.h"

enum tag_type {
	TAG_END = 0,
	TAG_CMDLINE = 1,
	TAG_MODULE = 3,
	TAG_MEMORY_MAP = 6,
	TAG_FRAMEBUFFER = 8,
	TAG_RSDP_V1 = 14,
	TAG_RSDP_V2 = 15,
};

struct tag {
	u32 type, size; /* bytes, without the padding behind it */
};

struct tag_module {
	struct tag tag;
	u32 start, end; /* physical */
	char name[];
};

enum mb_memory {
	MB_AVAILABLE = 1,
	MB_ACPI = 3,
};

struct mb_piece {
	u64 start, size;
	u32 type, reserved;
};

struct tag_memory_map {
	struct tag tag;
	u32 entry_size, entry_version;
	u8 entries[];
};

enum mb_screen {
	MB_SCREEN_RGB = 1,
	MB_SCREEN_TEXT = 2,
};

struct tag_framebuffer {
	struct tag tag;
	u64 phys;
	u32 pitch, width, height;
	u8 bits, type;
	u16 reserved;
	u8 red_shift, red_bits, green_shift, green_bits, blue_shift, blue_bits;
};

STATIC_ASSERT(sizeof(struct tag_memory_map) == 16, "multiboot2 says so");
STATIC_ASSERT(offsetof(struct tag_framebuffer, red_shift) == 32, "multiboot2 says so");

/* --- multiboot.c ------------------------------------------------------------------ */

void multiboot_begin(const void *info);

/* The first byte of the information, and the one after it. */
u64 multiboot_start(void);
u64 multiboot_end(void);

/* The first tag of @type behind @after, which may be null.  Null: there is none. */
const void *find_tag(enum tag_type type, const void *after);

/* The module called @name, or null. */
const struct tag_module *find_module(const char *name);

/* Piece @i of the memory map; null: there are no more. */
const struct mb_piece *map_piece(size_t i);

/* --- memory.c --------------------------------------------------------------------- */

/* Needs multiboot_begin(). */
void memory_begin(void);

/* Fill in the handoff's ranges, when nothing more will be allocated. */
void make_ranges(void);

/* --- console.c -------------------------------------------------------------------- */

/* @text_screen: is the VGA's text memory what the screen shows? */
void console_begin(bool text_screen);
