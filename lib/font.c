/* SPDX-License-Identifier: MIT */
/*
 * lib/font.c - reading a PSF1 font and drawing its characters.
 *
 * The file: a header of four bytes, 256 bitmaps, and for each bitmap the characters
 * it shows as little-endian 16-bit words: single characters, then sequences that begin
 * with PSF1_SEQUENCE, then PSF1_END.  A font is in code page order as often as not, so
 * the table alone says where a character is.
 */
#include "lib/font.h"
#include "lib/err.h"

#define PSF1_MAGIC0    0x36
#define PSF1_MAGIC1    0x04
#define PSF1_HEADER    4u
#define PSF1_512       0x01 /* mode: 512 glyphs */
#define PSF1_HAS_TABLE 0x02 /* mode: the table of characters follows the bitmaps */
#define PSF1_SEQUENCE  0xfffe
#define PSF1_END       0xffff

#define CHAR_UNKNOWN '?'
#define GLYPH_NONE   FONT_GLYPHS

/* Is @c one of Latin-1's control characters?  None has a picture. */
static bool is_control(u32 c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

/* Fill @glyphs, by character, from the table of @size bytes; GLYPH_NONE for the rest. */
static void read_table(const u8 *table, size_t size, u16 glyphs[256])
{
	bool in_sequence = false;
	u32 glyph = 0;

	for (u32 c = 0; c < 256; c++)
		glyphs[c] = GLYPH_NONE;
	for (size_t i = 0; i + 1 < size && glyph < FONT_GLYPHS; i += 2) {
		u32 word = table[i] | (u32)table[i + 1] << 8;

		if (word == PSF1_END) {
			glyph++;
			in_sequence = false;
		} else if (word == PSF1_SEQUENCE) {
			in_sequence = true;
		} else if (!in_sequence && word < 256 && !is_control(word)) {
			glyphs[word] = (u16)glyph;
		}
	}
}

int font_parse(const u8 *psf, size_t size, struct font *font)
{
	u16 glyphs[256];
	size_t table;

	if (size < PSF1_HEADER || psf[0] != PSF1_MAGIC0 || psf[1] != PSF1_MAGIC1)
		return -EINVAL;
	if ((psf[2] & PSF1_512) != 0 || (psf[2] & PSF1_HAS_TABLE) == 0)
		return -EINVAL;
	if (psf[3] < FONT_HEIGHT_MIN || psf[3] > FONT_HEIGHT_MAX)
		return -EINVAL;
	table = PSF1_HEADER + FONT_GLYPHS * psf[3];
	if (size < table)
		return -EINVAL;
	read_table(psf + table, size - table, glyphs);
	if (glyphs[CHAR_UNKNOWN] == GLYPH_NONE)
		return -EINVAL;

	font->bitmaps = psf + PSF1_HEADER;
	font->height = psf[3];
	for (u32 c = 0; c < 256; c++)
		font->glyph_of[c] =
			(u8)(glyphs[c] != GLYPH_NONE ? glyphs[c] : glyphs[CHAR_UNKNOWN]);
	return 0;
}

static void draw_line(u32 bits, volatile u32 *to, u32 scale, u32 ink, u32 paper)
{
	for (u32 mask = 1u << (FONT_WIDTH - 1); mask != 0; mask >>= 1) {
		u32 pixel = (bits & mask) != 0 ? ink : paper;

		for (u32 i = 0; i < scale; i++)
			*to++ = pixel;
	}
}

void font_draw(const struct font *font, u8 c, volatile u32 *to, size_t stride, u32 scale, u32 ink,
	       u32 paper)
{
	const u8 *bitmap = font->bitmaps + font->glyph_of[c] * font->height;

	for (u32 y = 0; y < font->height; y++) {
		for (u32 i = 0; i < scale; i++, to += stride)
			draw_line(bitmap[y], to, scale, ink, paper);
	}
}
