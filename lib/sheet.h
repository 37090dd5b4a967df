/* SPDX-License-Identifier: MIT */
/*
 * lib/sheet.h - text and a QR code that fill a screen, for somebody with a camera.
 *
 * Black on white, since a code wants light around it.  The code stands beside the text or below it,
 * where its modules become larger; if it then has fewer than SHEET_MODULE_MIN pixels a module, the
 * code stands alone, and the text is not there.
 *
 * Pure; any context.  Who draws has the screen for itself.
 */
#pragma once

#include "lib/fbcon.h"
#include "lib/font.h"
#include "lib/qr.h"
#include "lib/types.h"

#define SHEET_MODULE_MIN 2u /* pixels: a camera sees no less */

/* The largest version of a code for which @s has room, at SHEET_MODULE_MIN; 0: for none. */
u32 sheet_version_max(const struct screen *s);

/*
 * Draw lines of Latin-1 @text, each ended by '\n', and @code on @s, whose pixels are at @pixels.
 * Pixels of a module, or 0: there is no room for @code, and nothing is drawn.
 */
u32 sheet_draw(const struct screen *s, volatile u32 *pixels, const struct font *font,
	       const char *text, const struct qr *code);
