/* SPDX-License-Identifier: MIT */
/*
 * lib/fbcon.h - a text console on a framebuffer: the kernel's, and that of a program which has the
 * screen meanwhile.  There is one in each.
 *
 * Latin-1 text in light grey on black.  A line that begins, indented or not, with
 * "not ok" is red and with "ok " green; one that contains "PANIC" or "panic" is red.
 * Lines wrap; \n, \r, \b and tabs of eight are obeyed, other control characters show
 * as '?'.  The text is enlarged by a whole factor so that it stays readable.
 */
#pragma once

#include "lib/types.h"

struct screen {
	u32 width, height; /* pixels, of 32 bits */
	u32 pitch;	   /* bytes from one line to the next */
	u8 red_shift, green_shift, blue_shift;
};

/*
 * Clear the screen @s, mapped writable at @pixels (write-combining if there is a
 * choice: it is never read), and show text on it from now on, by the PSF1 font of @font_size
 * bytes at @font, which stays.  -EINVAL: a description makes no sense, or the screen is too
 * small for 40 x 10 characters.  After an error the other functions do nothing.  Called once,
 * before anybody writes.
 */
int fbcon_init(const struct screen *s, volatile u32 *pixels, const u8 *font, size_t font_size);

/*
 * The same framebuffer is mapped at @pixels from now on; null: nowhere, it is given up.
 * Under the console's lock.
 */
void fbcon_move(volatile u32 *pixels);

/*
 * Somebody else draws on the screen now: text is remembered, and drawn when the screen is taken
 * back, all of it anew.  Under the console's lock; a panic may take it back with the lock broken.
 */
void fbcon_lend(void);
void fbcon_take_back(void);

/* Does each pixel show what it should?  It reads them all: for tests, under the console's lock. */
bool fbcon_is_shown(void);

/*
 * Show @len bytes of @text.  Under the console's lock, in any context.  A panic may
 * call it with the lock broken, in the middle of another call or beside one: what is
 * shown may then be garbled, but no write leaves the framebuffer.
 */
void fbcon_write(const char *text, size_t len);

/* How many characters fit; 0 and 0 without a framebuffer.  Any context. */
void fbcon_size(u32 *columns, u32 *rows);
