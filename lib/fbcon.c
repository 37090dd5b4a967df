/* SPDX-License-Identifier: MIT */
/*
 * lib/fbcon.c - a text console on a framebuffer.
 *
 * The framebuffer is only ever written: reading it is slow everywhere, and hundreds of
 * times slower where it is write-combining.  What it shows is kept in cells[], and a
 * cell is drawn when it changes and at no other time.  So for each cell the pixels
 * are those of cells[][], and blank cells of any colour are equal.  While the screen is lent
 * cells change and nothing is drawn; all are when it is taken back.
 *
 * Scrolling by one line changes nearly every cell that has text.  Here the screen
 * scrolls by half its height instead, when it is full: the cost of a line of output is
 * then two cells drawn per character or so, not a screenful.
 *
 * column == columns means that the next character goes to the next row, so that a line
 * as long as a row leaves no empty row behind it.
 *
 * A panic may break the console's lock, and so run in the middle of another call or
 * beside one.  Therefore nothing that is stored here is trusted to be in range:
 * set_cell() alone touches cells and pixels, and it checks.
 */
#include "lib/fbcon.h"
#include "lib/err.h"
#include "lib/font.h"
#include "lib/string.h"

/* Cells kept.  A larger screen is used in part. */
#define MAX_COLUMNS 256u
#define MAX_ROWS    128u
#define MIN_COLUMNS 40u
#define MIN_ROWS    10u

#define TAB_STOP 8u

/* Pixels of width for each step of enlargement: 3840 pixels are 160 columns of three. */
#define PIXELS_PER_STEP 1600u

/* No screen is larger; keeps all products of sizes far from overflow. */
#define MAX_SIDE   32768u
#define MAX_SHIFT  24u
#define FIELD_BITS 8

enum colour {
	COLOUR_PAPER,
	COLOUR_TEXT,
	COLOUR_GOOD,
	COLOUR_BAD,
	COLOUR_COUNT,
};

static const u32 rgb[COLOUR_COUNT] = {
	[COLOUR_PAPER] = 0x000000,
	[COLOUR_TEXT] = 0xc0c0c0,
	[COLOUR_GOOD] = 0x60d060,
	[COLOUR_BAD] = 0xff6060,
};

/* The first rule that fits colours a line. */
static const struct rule {
	const char *text;
	bool at_start; /* behind the indentation; otherwise anywhere */
	u8 colour;
} rules[] = {
	{ "not ok", true, COLOUR_BAD },
	{ "ok ", true, COLOUR_GOOD },
	{ "PANIC", false, COLOUR_BAD },
	{ "panic", false, COLOUR_BAD },
};

struct cell {
	u8 c;
	u8 colour;
};

static struct cell cells[MAX_ROWS][MAX_COLUMNS]; /* what is shown */

static struct {
	volatile u32 *pixels;
	u32 width, height; /* pixels */
	size_t stride;	   /* pixels from one line to the next */
	bool lent;
	u32 scale;
	u32 columns, rows; /* 0: no framebuffer */
	u32 column, row;   /* where the next character goes */
	u32 palette[COLOUR_COUNT];
	struct font font;
} con;

/* The line being written: it starts in column 0 of @row and ends where con stands. */
static struct {
	u32 row;
	u32 length; /* characters, without the spaces that it begins with */
	u64 recent; /* the last eight of them; the lowest byte is the last */
	u8 colour;
} line;

/* --- drawing ------------------------------------------------------------------- */

static void draw_cell(u32 row, u32 column, struct cell cell)
{
	size_t y = (size_t)row * con.font.height * con.scale;

	font_draw(&con.font, cell.c, con.pixels + y * con.stride + column * FONT_WIDTH * con.scale,
		  con.stride, con.scale, con.palette[cell.colour], con.palette[COLOUR_PAPER]);
}

/* Checks its bounds, for the sake of panics: see the top of this file. */
static void set_cell(u32 row, u32 column, struct cell cell)
{
	struct cell *shown;

	if (row >= con.rows || column >= con.columns)
		return;
	shown = &cells[row][column];
	if (cell.c == ' ')
		cell.colour = COLOUR_TEXT;
	if (shown->c == cell.c && shown->colour == cell.colour)
		return;
	*shown = cell;
	if (!con.lent)
		draw_cell(row, column, cell);
}

static void scroll(void)
{
	static const struct cell blank = { ' ', COLOUR_TEXT };
	u32 by = con.rows / 2;

	for (u32 row = 0; row < con.rows; row++) {
		for (u32 column = 0; column < con.columns; column++)
			set_cell(row, column,
				 row + by < con.rows ? cells[row + by][column] : blank);
	}
	con.row = con.rows - by;
	line.row = line.row > by ? line.row - by : 0;
}

/* --- lines and their colours --------------------------------------------------- */

static void start_line(void)
{
	con.column = 0;
	line.row = con.row;
	line.length = 0;
	line.recent = 0;
	line.colour = COLOUR_TEXT;
}

static void next_row(void)
{
	con.column = 0;
	if (con.row + 1 < con.rows)
		con.row++;
	else
		scroll();
}

/* Give the part of the line that is shown already its new colour. */
static void recolour_line(void)
{
	for (u32 row = line.row; row <= con.row; row++) {
		u32 end = row < con.row ? con.columns : con.column;

		for (u32 column = 0; column < end; column++)
			set_cell(row, column, (struct cell){ cells[row][column].c, line.colour });
	}
}

/* Are the last characters of the line those of @rule, and where it wants them? */
static bool rule_fits(const struct rule *rule)
{
	u64 text = 0, mask = 0;
	u32 length = 0;

	for (; rule->text[length] != '\0'; length++) {
		text = text << 8 | (u8)rule->text[length];
		mask = mask << 8 | 0xff;
	}
	return (line.recent & mask) == text && (!rule->at_start || line.length == length);
}

/* The line goes on with @c: does that decide its colour?  The first decision stays. */
static void note(u8 c)
{
	if (line.length == 0 && c == ' ')
		return;
	line.recent = line.recent << 8 | c;
	line.length++;
	if (line.colour != COLOUR_TEXT)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		if (rule_fits(&rules[i])) {
			line.colour = rules[i].colour;
			recolour_line();
			return;
		}
	}
}

/* --- characters ---------------------------------------------------------------- */

static void put(u8 c)
{
	if (con.column >= con.columns)
		next_row();
	note(c);
	set_cell(con.row, con.column, (struct cell){ c, line.colour });
	con.column++;
}

/* Spaces up to the next tab stop, but not into the next row. */
static void put_tab(void)
{
	do
		put(' ');
	while (con.column % TAB_STOP != 0 && con.column < con.columns);
}

static void back(void)
{
	if (con.column == 0)
		return;
	con.column--;
	if (line.length != 0)
		line.length--;
	line.recent >>= 8;
}

static void put_byte(u8 c)
{
	switch (c) {
	case '\n':
		next_row();
		start_line();
		break;
	case '\r':
		start_line();
		break;
	case '\t':
		put_tab();
		break;
	case '\b':
		back();
		break;
	default:
		put(c);
		break;
	}
}

/* --- the interface ------------------------------------------------------------- */

static bool fields_overlap(u8 a, u8 b)
{
	return a < b + FIELD_BITS && b < a + FIELD_BITS;
}

static bool makes_sense(const struct screen *s)
{
	if (s->width > MAX_SIDE || s->height > MAX_SIDE)
		return false;
	if (s->pitch % sizeof(u32) != 0 || s->pitch < s->width * sizeof(u32))
		return false;
	if (s->red_shift > MAX_SHIFT || s->green_shift > MAX_SHIFT || s->blue_shift > MAX_SHIFT)
		return false;
	return !fields_overlap(s->red_shift, s->green_shift) &&
	       !fields_overlap(s->green_shift, s->blue_shift) &&
	       !fields_overlap(s->blue_shift, s->red_shift);
}

/* Enlarge as the width asks for, but rather less than have too few cells. */
static bool fit_cells(const struct screen *s)
{
	for (u32 scale = DIV_ROUND_UP(s->width, PIXELS_PER_STEP); scale > 0; scale--) {
		u32 columns = s->width / (FONT_WIDTH * scale);
		u32 rows = s->height / (con.font.height * scale);

		if (columns < MIN_COLUMNS || rows < MIN_ROWS)
			continue;
		con.scale = scale;
		con.columns = MIN(columns, MAX_COLUMNS);
		con.rows = MIN(rows, MAX_ROWS);
		return true;
	}
	return false;
}

static void clear_pixels(void)
{
	for (u32 y = 0; y < con.height; y++)
		for (u32 x = 0; x < con.width; x++)
			con.pixels[y * con.stride + x] = con.palette[COLOUR_PAPER];
}

static void clear_cells(void)
{
	for (u32 row = 0; row < con.rows; row++)
		for (u32 column = 0; column < con.columns; column++)
			cells[row][column] = (struct cell){ ' ', COLOUR_TEXT };
}

int fbcon_init(const struct screen *s, volatile u32 *pixels, const u8 *font, size_t font_size)
{
	memset(&con, 0, sizeof(con));
	if (pixels == NULL || !makes_sense(s))
		return -EINVAL;
	if (font_parse(font, font_size, &con.font) != 0)
		return -EINVAL;
	if (!fit_cells(s))
		return -EINVAL;
	con.pixels = pixels;
	con.width = s->width;
	con.height = s->height;
	con.stride = s->pitch / sizeof(u32);
	for (u32 i = 0; i < COLOUR_COUNT; i++) {
		con.palette[i] = (rgb[i] >> 16 & 0xff) << s->red_shift |
				 (rgb[i] >> 8 & 0xff) << s->green_shift |
				 (rgb[i] & 0xff) << s->blue_shift;
	}
	clear_pixels();
	clear_cells();
	start_line();
	return 0;
}

void fbcon_move(volatile u32 *pixels)
{
	con.pixels = pixels;
	if (pixels == NULL) {
		con.columns = 0;
		con.rows = 0;
	}
}

void fbcon_lend(void)
{
	con.lent = true;
}

void fbcon_take_back(void)
{
	if (!con.lent || con.columns == 0)
		return;
	con.lent = false;
	clear_pixels();
	for (u32 row = 0; row < con.rows; row++)
		for (u32 column = 0; column < con.columns; column++)
			if (cells[row][column].c != ' ')
				draw_cell(row, column, cells[row][column]);
}

/* What the pixel at @x and @y is when it is drawn. */
static u32 pixel_at(u32 x, u32 y)
{
	u32 row = y / con.scale / con.font.height, column = x / con.scale / FONT_WIDTH;
	u32 line_of_it = y / con.scale % con.font.height, bit = x / con.scale % FONT_WIDTH;
	struct cell cell = { ' ', COLOUR_TEXT };

	if (row < con.rows && column < con.columns)
		cell = cells[row][column];
	return font_has_ink(&con.font, cell.c, bit, line_of_it) ? con.palette[cell.colour]
								: con.palette[COLOUR_PAPER];
}

bool fbcon_is_shown(void)
{
	for (u32 y = 0; con.columns != 0 && y < con.height; y++)
		for (u32 x = 0; x < con.width; x++)
			if (con.pixels[y * con.stride + x] != pixel_at(x, y))
				return false;
	return true;
}

void fbcon_write(const char *text, size_t len)
{
	if (con.columns == 0)
		return;
	for (size_t i = 0; i < len; i++)
		put_byte((u8)text[i]);
}

void fbcon_size(u32 *columns, u32 *rows)
{
	*columns = con.columns;
	*rows = con.rows;
}
