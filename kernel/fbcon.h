/* SPDX-License-Identifier: MIT */
/*
 * kernel/fbcon.h - the text console on the loader's framebuffer.
 *
 * Latin-1 text in light grey on black.  A line that begins, indented or not, with
 * "not ok" is red and with "ok " green; one that contains "PANIC" or "panic" is red.
 * Lines wrap; \n, \r, \b and tabs of eight are obeyed, other control characters show
 * as '?'.  The text is enlarged by a whole factor so that it stays readable.
 */
#pragma once

#include "boot/handoff.h"
#include "lib/types.h"

/*
 * Clear the screen @fb, mapped writable at @pixels (write-combining if there is a
 * choice: it is never read), and show text on it from now on.  -ENODEV: there is
 * none.  -EINVAL: its description makes no sense, or it is too small for 40 x 10
 * characters.  After an error the other functions do nothing.  Called once, before
 * anybody writes.
 */
int fbcon_init(const struct handoff_framebuffer *fb, volatile u32 *pixels);

/*
 * The same framebuffer is mapped at @pixels from now on; null: nowhere, it is given up.
 * Under the console's lock.
 */
void fbcon_move(volatile u32 *pixels);

/*
 * Show @len bytes of @text.  Under the console's lock, in any context.  A panic may
 * call it with the lock broken, in the middle of another call or beside one: what is
 * shown may then be garbled, but no write leaves the framebuffer.
 */
void fbcon_write(const char *text, size_t len);

/* How many characters fit; 0 and 0 without a framebuffer.  Any context. */
void fbcon_size(u32 *columns, u32 *rows);
