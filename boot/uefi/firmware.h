/* SPDX-License-Identifier: MIT */
/*
 * boot/uefi/firmware.h - the UEFI loader's files to each other.
 *
 * Nothing but exit_firmware() and stop_other_cpus() may be called once the former has begun.
 */
#pragma once

#include <efi.h>

#include "boot/loader.h"

extern EFI_HANDLE loader_image;
extern EFI_SYSTEM_TABLE *firmware;

/* --- files.c: the volume that the loader was loaded from ------------------------------ */

void open_boot_volume(void);

/*
 * The whole file \prague\@name in low memory, and its size.  Null if there is none; any
 * other trouble is an error.
 */
void *read_file(const char *name, size_t *size);

/*
 * The first @max bytes of \prague\@name, to @data.  How many; 0: there is no such file, it is
 * empty, or cannot be read.  Takes no memory from low_alloc().
 */
size_t read_small_file(const char *name, void *data, size_t max);

/* Make \prague\@name, a folder or a file with @size bytes at @data.  False: the disk refuses. */
bool make_folder(const char *name);
bool write_file(const char *name, const void *data, size_t size);

/* False: it is still there. */
bool delete_file(const char *name);

/* --- results.c ----------------------------------------------------------------------- */

/*
 * Bring what an earlier run kept in memory (lib/kept.h) to the disk, if a note says that there is
 * something.  Before any memory is asked for, since firmware could give just that.
 */
void collect_results(void);

/* Was there a note?  Then somebody may want to look, and nothing is booted without a key. */
bool results_were_pending(void);

/* The command line of the run that follows the one collected; null: none does. */
const char *next_words(void);

/* If the command line asks for it: reserve memory, and write the note. */
void reserve_results(void);

/* --- menu.c -------------------------------------------------------------------------- */

/*
 * Let the user choose from menu.txt's @text, and add the entry's words to the handoff.  With @wait
 * whatever the timeout is.
 */
void choose_entry(const char *text, size_t size, bool wait);

/* --- memory.c ------------------------------------------------------------------------- */

/*
 * Memory for firmware's memory maps: call it before reserve_in_the_middle() and exit_firmware(),
 * and before the last say().
 */
void prepare_exit(void);

/*
 * Reserve @size bytes, whole pages, below LOW_END in the middle of the largest free piece: firmware
 * works at the ends, and after a reset does not touch it.  Null: there are not so many.
 */
void *reserve_in_the_middle(u64 size);

/* Reserve just these; null: they are not free. */
void *reserve_at(u64 address, u64 size);
void give_back(void *at, u64 size);

/* End the boot services and fill in the handoff's ranges. */
void exit_firmware(void);

/* --- cpus.c --------------------------------------------------------------------------- */

/* The other CPUs wait for a SIPI from now on.  After exit_firmware(), whose they were. */
void stop_other_cpus(void);

/* --- screen.c -------------------------------------------------------------------------- */

/* Fill in the handoff's framebuffer, if firmware has one that the kernel can use. */
void find_framebuffer(void);
