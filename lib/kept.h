/* SPDX-License-Identifier: MIT */
/*
 * lib/kept.h - results that survive a warm reset: what lies in memory, and the note that says
 * where.
 *
 * The loader reserves memory (boot/handoff.h), begins a struct kept in it, and writes a note onto
 * the disk it came from.  The kernel appends lines.  After a reset the loader reads the note, looks
 * at the memory that it names, and writes the lines to the disk.  Nothing says that memory is still
 * what it was, so everything has a checksum; and after each line the whole is right again, so that
 * the lines of a run that was cut off are there too.
 *
 * Pure; any context.  Who appends is one at a time.
 */
#pragma once

#include "lib/types.h"

#define KEPT_MAGIC     0x315450454b475250ull /* "PRGKEPT1" */
#define KEPT_ID_MAX    32		     /* bytes of a run's id, its 0 too */
#define KEPT_WORDS_MAX 1024		     /* bytes of a command line, its 0 too */
#define KEPT_NOTE_MAX  (128 + KEPT_WORDS_MAX)
#define KEPT_WHY_MAX   96

struct kept {
	u64 magic;
	u32 size; /* of all, in bytes */
	u32 text_bytes;
	u32 text_crc;
	u32 lost;  /* lines that had no room */
	u32 ended; /* 1: the run came to its end */
	u32 reserved;
	char id[KEPT_ID_MAX]; /* of the run */
	u32 reserved_too;
	u32 head_crc; /* of all members above */
	char text[];  /* lines */
};

STATIC_ASSERT(sizeof(struct kept) == 72, "two versions of this may meet in memory: a new magic");

/* Begin at @kept, which has @size bytes, the run called @id.  What was there is gone. */
void kept_begin(struct kept *kept, u32 size, const char *id);

/* Add a line of @len bytes, its '\n' too.  False: no room, which is noted. */
bool kept_append(struct kept *kept, const char *line, size_t len);

/* The run came to its end. */
void kept_end(struct kept *kept);

/*
 * Is what @size bytes at @kept hold the run @id's, and whole?  0; -ENOENT: nothing of the kind is
 * there, memory was cleared or used; -ESRCH: another run's; -EINVAL: a checksum is wrong.
 * @why, of KEPT_WHY_MAX bytes, then says it.
 */
int kept_check(const struct kept *kept, u32 size, const char *id, char *why);

struct kept_note {
	char id[KEPT_ID_MAX];	   /* digits, letters and '-': it names a file */
	u64 address;		   /* physical, of the struct kept */
	u32 size;		   /* bytes there */
	char next[KEPT_WORDS_MAX]; /* what is booted next once the results are safe; "": nothing */
};

/* The note as text of two lines.  Its length, or -ENOSPC: @size bytes are too few. */
int kept_note_format(const struct kept_note *note, char *text, size_t size);

/* Read a note.  0, or -EINVAL: it is none. */
int kept_note_parse(struct kept_note *note, const char *text, size_t size);
