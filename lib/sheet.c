/* SPDX-License-Identifier: MIT */
/*
 * lib/sheet.c - see sheet.h.
 *
 * Text is enlarged as on the console, as long as the code's modules have MODULE_GOOD pixels.
 */
#include "lib/sheet.h"

#define MODULE_GOOD	4u
#define PIXELS_PER_STEP 1600u /* of width, for each step of enlargement of text */
#define CHANNEL		0xffu

struct extent {
	u32 columns, rows; /* of characters */
};

struct layout {
	u32 scale;  /* of text; 0: the code stands alone */
	u32 module; /* pixels of one, with the quiet zone in the count */
	u32 x, y;   /* where the quiet zone begins */
};

static struct extent extent_of(const char *text)
{
	struct extent e = { 0, 0 };
	u32 column = 0;

	for (; *text != '\0'; text++) {
		if (*text != '\n') {
			column++;
			e.columns = MAX(e.columns, column);
			continue;
		}
		e.rows++;
		column = 0;
	}
	return e;
}

/* Text of @width and @height pixels at the top left, and the code in the larger room that is left.
 */
static struct layout beside_or_below(const struct screen *s, u32 width, u32 height, u32 modules)
{
	struct layout l = { 0 };
	u32 beside, below;

	if (width > s->width || height > s->height)
		return l;
	beside = MIN(s->width - width, s->height) / modules;
	below = MIN(s->width, s->height - height) / modules;
	l.module = MAX(beside, below);
	l.x = beside >= below ? width : 0;
	l.y = beside >= below ? 0 : height;
	return l;
}

static struct layout choose_layout(const struct screen *s, const struct font *font, struct extent e,
				   u32 modules)
{
	for (u32 scale = DIV_ROUND_UP(s->width, PIXELS_PER_STEP); scale > 0; scale--) {
		struct layout l = beside_or_below(s, e.columns * FONT_WIDTH * scale,
						  e.rows * font->height * scale, modules);

		l.scale = scale;
		if (l.module >= MODULE_GOOD || (scale == 1 && l.module >= SHEET_MODULE_MIN))
			return l;
	}
	return (struct layout){ .module = MIN(s->width, s->height) / modules };
}

static void paint(const struct screen *s, volatile u32 *pixels, u32 x, u32 y, u32 width, u32 height,
		  u32 colour)
{
	size_t stride = s->pitch / sizeof(u32);

	for (u32 row = y; row < y + height; row++)
		for (u32 column = x; column < x + width; column++)
			pixels[row * stride + column] = colour;
}

static void draw_text(const struct screen *s, volatile u32 *pixels, const struct font *font,
		      const char *text, u32 scale, u32 paper)
{
	size_t stride = s->pitch / sizeof(u32);
	u32 row = 0, column = 0;

	for (; *text != '\0'; text++) {
		if (*text == '\n') {
			row++;
			column = 0;
			continue;
		}
		font_draw(font, (u8)*text,
			  pixels + row * font->height * scale * stride +
				  column * FONT_WIDTH * scale,
			  stride, scale, 0, paper);
		column++;
	}
}

static void draw_code(const struct screen *s, volatile u32 *pixels, const struct qr *code,
		      const struct layout *l)
{
	for (u32 y = 0; y < code->size; y++)
		for (u32 x = 0; x < code->size; x++)
			if (qr_is_dark(code, x, y))
				paint(s, pixels, l->x + (x + QR_QUIET) * l->module,
				      l->y + (y + QR_QUIET) * l->module, l->module, l->module, 0);
}

u32 sheet_version_max(const struct screen *s)
{
	u32 version = QR_VERSION_MAX;
	u32 modules = MIN(s->width, s->height) / SHEET_MODULE_MIN;

	while (version > 0 && qr_size(version) + 2 * QR_QUIET > modules)
		version--;
	return version;
}

u32 sheet_draw(const struct screen *s, volatile u32 *pixels, const struct font *font,
	       const char *text, const struct qr *code)
{
	u32 white = CHANNEL << s->red_shift | CHANNEL << s->green_shift | CHANNEL << s->blue_shift;
	struct layout l = choose_layout(s, font, extent_of(text), code->size + 2 * QR_QUIET);

	if (l.module < SHEET_MODULE_MIN)
		return 0;
	paint(s, pixels, 0, 0, s->width, s->height, white);
	if (l.scale != 0)
		draw_text(s, pixels, font, text, l.scale, white);
	draw_code(s, pixels, code, &l);
	return l.module;
}
