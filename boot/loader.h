/* SPDX-License-Identifier: MIT */
/*
 * boot/loader.h - what the two loaders share.
 *
 * A loader is a firmware's side (boot/uefi or boot/bios), which finds files, memory
 * and tables, and this shared side, which makes of them what boot/handoff.h promises.
 * The loaders run on one CPU, on memory that is mapped at its physical address, so
 * here a pointer and a physical address are the same number.
 *
 * A loader announces each step before it begins, so that the last line names the step
 * that did not end.  There is no return from an error: fail() names it and leaves.
 */
#pragma once

#include "boot/handoff.h"
#include "lib/elf.h"
#include "lib/err.h"
#include "lib/types.h"

#define LOADER_VERSION "0.1"
#define LOW_END	       (4 * GIB) /* all that is handed over lies below it */

/* --- the firmware's side, in boot/uefi and boot/bios ------------------------------ */

/* Show @text, whose lines end in '\n', wherever this firmware can. */
void console_write(const char *text);

/*
 * @pages zeroed pages below LOW_END, which the memory map will call MEM_LOADER; @what
 * names them should there be none left.  Never returns null.
 */
void *low_alloc(size_t pages, const char *what);

/* After an error that no emulator waits for: wait for a key, and give up. */
NORETURN void give_up(void);

/* --- report.c --------------------------------------------------------------------- */

/* One line on the console: "prague-loader: ...". */
void say(const char *fmt, ...) PRINTF_LIKE(1, 2);

/*
 * One line "prague-loader: error: ...", which names the thing and what to do about it.
 * Then ends the emulator, if the command line says that there is one, or gives up.
 */
NORETURN void fail(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* --- handoff.c -------------------------------------------------------------------- */

/* The handoff, in low memory, from handoff_begin() on. */
extern struct handoff *handoff;

void handoff_begin(enum handoff_firmware firmware, const char *loader);

/* Append the words of @text, of @size bytes, up to the end of its first line. */
void handoff_add_words(const char *text, size_t size);

/* The file that the word kernel= chooses, "kernel-percpu.elf" if there is no such word. */
const char *handoff_kernel_name(void);

/*
 * Make the ranges from what firmware says: @n pieces at @raw, which has room for
 * HANDOFF_OWN_PIECES more.  Returns 0 or -ENOSPC.
 */
int handoff_set_ranges(struct handoff_range *raw, size_t n);

#define HANDOFF_OWN_PIECES 3 /* the kernel, the archive, memory for results */

/* Copy the ACPI root pointer, so that it is in low memory; null: there is none. */
void handoff_set_rsdp(const void *rsdp);

/* --- place.c ---------------------------------------------------------------------- */

/* Check the ELF @file called @name and put its segments into low memory; fills @image. */
void place_kernel(const char *name, const void *file, size_t size, struct elf_image *image);

/* --- tables.c --------------------------------------------------------------------- */

bool cpu_has_nx(void);

/*
 * How many levels of page tables the kernel gets: 5 where the CPU has them and la57= does
 * not say off, else 4.
 */
u32 choose_levels(void);

/* The page tables that boot/handoff.h describes.  Returns the value for CR3. */
u64 make_tables(const struct elf_image *image, u32 levels);

/* --- jump.c -------------------------------------------------------------------------- */

/*
 * Firmware is gone, interrupts are off: enter the kernel with CR3 as make_tables() said,
 * and CR4.LA57 as @levels does.
 */
typedef void jump_fn(u64 handoff_phys, u64 cr3, u64 entry, u64 use_nx, u64 levels);

/* The copy of jump.asm in low memory, to be called when firmware is gone.  Does not return. */
jump_fn *make_jump(void);
