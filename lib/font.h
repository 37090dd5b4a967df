/* SPDX-License-Identifier: MIT */
/*
 * lib/font.h - a font for text on a screen: bitmaps of 8 pixels' width in the PSF1 format,
 * and which of them shows a Latin-1 character.
 *
 * A font that font_parse() accepted has a bitmap for every character: what is asked
 * of it needs no further check.
 */
#pragma once

#include "lib/types.h"

#define FONT_WIDTH	8u
#define FONT_HEIGHT_MIN 8u
#define FONT_HEIGHT_MAX 32u
#define FONT_GLYPHS	256u

struct font {
	const u8 *bitmaps; /* FONT_GLYPHS of them; a byte is a line, its top bit the left pixel */
	u32 height;	   /* lines of a bitmap */
	u8 glyph_of[256];  /* by Latin-1 character; '?' shows what the font does not have */
};

/*
 * Describe the PSF1 file of @size bytes at @psf, which must stay while @font is used.
 * -EINVAL: it is not one, is cut short, is of 512 glyphs, says for no glyph which
 * characters it shows, or shows no '?'.  Pure; may be called from any context.
 */
int font_parse(const u8 *psf, size_t size, struct font *font);

/* Is there ink in the picture of @c, @x pixels from its left and @y from its top? */
static inline bool font_has_ink(const struct font *font, u8 c, u32 x, u32 y)
{
	return font->bitmaps[font->glyph_of[c] * font->height + y] >> (FONT_WIDTH - 1 - x) & 1;
}

/*
 * Draw Latin-1 character @c with its top left corner at @to, each of its pixels a square
 * of @scale pixels.  @stride: pixels from one line to the next.
 */
void font_draw(const struct font *font, u8 c, volatile u32 *to, size_t stride, u32 scale, u32 ink,
	       u32 paper);
