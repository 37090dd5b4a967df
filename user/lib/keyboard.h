/* SPDX-License-Identifier: MIT */
/*
 * user/lib/keyboard.h - scan codes of a PC keyboard, set 1, become characters: US layout.
 *
 * Shift, Ctrl and Caps Lock change what a key is; Alt and Num Lock do not, so the keys of the
 * number block are numbers.  Arrows, Home and End are the sequences that a terminal sends.
 * Keys that are no text give nothing.
 */
#pragma once

#include "lib/types.h"

#define KEYBOARD_TEXT_MAX 3 /* characters of one key */

/* All zero: no key is down. */
struct keyboard {
	u8 shifts, ctrls; /* which of the two are down, a bit each */
	bool caps;	  /* Caps Lock is on */
	bool caps_down;	  /* its key is: it repeats, and means nothing more */
	bool extended;	  /* the next code is one of those behind 0xe0 */
	u8 skip;	  /* so many of the next codes mean nothing */
};

/* @code has come: the characters that are typed by it, into @text, and how many. */
u32 keyboard_take(struct keyboard *k, u8 code, char text[KEYBOARD_TEXT_MAX]);
