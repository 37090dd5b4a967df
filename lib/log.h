/* SPDX-License-Identifier: MIT */
/*
 * lib/log.h - printk, and the last 16 KiB of what it printed.
 *
 * Text goes from printk() to one sink, the console.  The sink serialises: it takes
 * its lock, calls log_append() and writes to its devices.  The ring here has no
 * lock; log_append() and log_replay() are called under the sink's lock only.
 * Until a sink is set, when one CPU runs and interrupts are off, printk() appends
 * to the ring itself, so that the first console can replay it.
 */
#pragma once

#include "lib/types.h"

#define LOG_TEXT_MAX  512	 /* bytes of one printk; longer text is cut and ends "...\n" */
#define LOG_RING_SIZE (16 * KIB) /* bytes kept for log_replay() */

/* @text is @len bytes and also 0-terminated when it comes from printk(). */
typedef void log_sink(const char *text, size_t len);

/* Any context that @sink allows; needs about 600 bytes of stack and the sink's own. */
void printk(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Boot time, before the second CPU runs.  Null: back to the ring alone. */
void log_set_sink(log_sink *sink);

/* Remember @text, forgetting the oldest.  Caller holds the sink's lock. */
void log_append(const char *text, size_t len);

/*
 * Copy up to @n bytes from byte number *@from on, counted from the first ever appended, or from the
 * oldest that is remembered, whose number *@from becomes.  How many; 0: there are no more yet.
 * Caller holds the sink's lock.
 */
size_t log_read(u64 *from, char *text, size_t n);

/*
 * Hand what is remembered to @sink, oldest first, in at most two pieces.  If text was
 * forgotten, begins with the first whole line.  Caller holds the sink's lock.
 */
void log_replay(log_sink *sink);
