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

/* --- menu.c -------------------------------------------------------------------------- */

/* Let the user choose from menu.txt's @text, and add the entry's words to the handoff. */
void choose_entry(const char *text, size_t size);

/* --- memory.c ------------------------------------------------------------------------- */

/* Memory for the last memory map: call it before exit_firmware(), and before the last say(). */
void prepare_exit(void);

/* End the boot services and fill in the handoff's ranges. */
void exit_firmware(void);

/* --- cpus.c --------------------------------------------------------------------------- */

/* The other CPUs wait for a SIPI from now on.  After exit_firmware(), whose they were. */
void stop_other_cpus(void);

/* --- screen.c -------------------------------------------------------------------------- */

/* Fill in the handoff's framebuffer, if firmware has one that the kernel can use. */
void find_framebuffer(void);
