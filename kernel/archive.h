/* SPDX-License-Identifier: MIT */
/*
 * kernel/archive.h - the boot archive: programs and other files that the loader brought.
 *
 * It lies in the direct map, whatever physmap= says, is never written, and stays.
 */
#pragma once

#include "boot/handoff.h"
#include "lib/types.h"

/*
 * Look at the archive of @h, all headers; a line in the log says what there is, or why it
 * is not used.  On the kernel's own tables; once, by the boot CPU.
 */
void archive_init(const struct handoff *h);

/* The name of file @n, from 0 on, 0-terminated and cut to @size.  0; -ENOENT: no such file.
 * Any context. */
int archive_name(u64 n, char *name, size_t size) WARN_UNUSED_RESULT;

/* The file called @name: its bytes and how many.  0; -ENOENT, also without an archive.
 * Any context. */
int archive_find(const char *name, const void **data, size_t *size) WARN_UNUSED_RESULT;
