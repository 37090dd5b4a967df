/* SPDX-License-Identifier: MIT */
/*
 * lib/tar.h - the files of a ustar archive, one after the other or by name.
 *
 * An archive is a sequence of headers of 512 bytes, each followed by its file, and ends with
 * two blocks of zeros.  What is read: plain files; directories are passed over; names of up
 * to 100 bytes.  Anything else is refused with a reason.  The archive stays where it is, and
 * so do the files: nothing is copied but names.
 */
#pragma once

#include "lib/types.h"

#define TAR_BLOCK    512u
#define TAR_NAME_MAX 100 /* bytes */
#define TAR_WHY_MAX  96	 /* a buffer of this size holds any reason */

struct tar_file {
	char name[TAR_NAME_MAX + 1];
	const void *data; /* in the archive; aligned as that is, up to 512 bytes */
	size_t size;
};

/* A place in an archive; begin with @next 0. */
struct tar_reader {
	const void *archive;
	size_t size; /* bytes */
	size_t next; /* where the next header is */
};

/*
 * The next file: 1; 0: there are no more; or -EINVAL with one line (without newline) in @why,
 * and the reader stays where it was.  Any context.
 */
int tar_next(struct tar_reader *reader, struct tar_file *file, char *why, size_t why_size);

/*
 * The first file called @name in the @size bytes at @archive: 0; -ENOENT; or -EINVAL as above,
 * if what comes before it is wrong.  Any context.
 */
int tar_find(const void *archive, size_t size, const char *name, struct tar_file *file, char *why,
	     size_t why_size);
