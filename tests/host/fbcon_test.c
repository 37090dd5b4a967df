/* SPDX-License-Identifier: MIT */
/*
 * tests/host/fbcon_test.c - the framebuffer console, pixel by pixel, in memory that ends
 * where the framebuffer does.  What it should show comes from a second, simpler console
 * (struct model), which knows rows of characters only and draws all of them each time.
 */
#include "tests/host/cmocka_host.h"
#include "kernel/font.h"
#include "lib/err.h"
#include "lib/fbcon.h"
#include "lib/font.h"
#include "lib/rand.h"

/* What kernel/font.asm is in the kernel. */
__asm__(".section .rodata\n"
	".globl font_begin, font_end\n"
	"font_begin: .incbin \"font.psf\"\n"
	"font_end:\n"
	".previous\n");

#define UNTOUCHED 0xa5a5a5a5u
#define HEIGHT	  16u
#define GREY	  0xc0c0c0u
#define GREEN	  0x60d060u
#define RED	  0xff6060u

static struct screen fb;
static volatile u32 *pixels;
static size_t pixel_count;

static struct model {
	u32 columns, rows, scale, column, row;
	u8 text[128][256];
	u32 colour[128][256];
	s32 line_row; /* negative: has left the screen */
	u32 length, kept;
	char last[9]; /* of the line, @kept of them */
	u32 line_colour;
} model;

static struct font font;

/* --- the model --------------------------------------------------------------------- */

static void model_next_row(struct model *m)
{
	u32 by = m->rows / 2;

	m->column = 0;
	if (++m->row < m->rows)
		return;
	m->row -= by;
	m->line_row -= (s32)by;
	memmove(m->text[0], m->text[by], (m->rows - by) * sizeof(m->text[0]));
	memmove(m->colour[0], m->colour[by], (m->rows - by) * sizeof(m->colour[0]));
	memset(m->text[m->rows - by], ' ', by * sizeof(m->text[0]));
}

static void model_line(struct model *m)
{
	m->column = m->length = m->kept = 0;
	m->line_row = (s32)m->row;
	m->line_colour = GREY;
}

static bool model_ends(const struct model *m, const char *text)
{
	size_t n = strlen(text);

	return m->kept >= n && memcmp(m->last + m->kept - n, text, n) == 0;
}

static void model_colour(struct model *m, u8 c)
{
	if (m->length == 0 && c == ' ')
		return;
	if (m->kept == 8)
		memmove(m->last, m->last + 1, --m->kept);
	m->last[m->kept++] = (char)c;
	m->length++;
	if (m->line_colour != GREY)
		return;
	if (model_ends(m, "ok ") && m->length == 3)
		m->line_colour = GREEN;
	else if ((model_ends(m, "not ok") && m->length == 6) || model_ends(m, "PANIC") ||
		 model_ends(m, "panic"))
		m->line_colour = RED;
	else
		return;
	for (s32 row = MAX(m->line_row, 0); row <= (s32)m->row; row++) {
		for (u32 i = 0; i < (row < (s32)m->row ? m->columns : m->column); i++)
			m->colour[row][i] = m->line_colour;
	}
}

static void model_put(struct model *m, u8 c)
{
	if (m->column == m->columns)
		model_next_row(m);
	model_colour(m, c);
	m->text[m->row][m->column] = c;
	m->colour[m->row][m->column++] = m->line_colour;
}

static void model_byte(struct model *m, u8 c)
{
	if (c == '\n')
		model_next_row(m);
	if (c == '\n' || c == '\r') {
		model_line(m);
	} else if (c == '\t') {
		model_put(m, ' ');
		while (m->column % 8 != 0 && m->column != m->columns)
			model_put(m, ' ');
	} else if (c == '\b' && m->column != 0) {
		m->column--;
		m->length -= m->length != 0;
		m->kept -= m->kept != 0;
	} else if (c != '\b') {
		model_put(m, c);
	}
}

/* --- a screen ---------------------------------------------------------------------- */

static u32 pixel_of(u32 rgb)
{
	return (rgb >> 16) << fb.red_shift | (rgb >> 8 & 255) << fb.green_shift |
	       (rgb & 255) << fb.blue_shift;
}

static u32 model_pixel(const struct model *m, u32 x, u32 y)
{
	u32 column = x / (8 * m->scale), row = y / (HEIGHT * m->scale);
	const u8 *bitmap;

	if (x >= fb.width)
		return UNTOUCHED;
	if (column >= m->columns || row >= m->rows)
		return 0;
	bitmap = font_begin + 4 + HEIGHT * font.glyph_of[m->text[row][column]];
	if ((bitmap[y / m->scale % HEIGHT] & 0x80 >> x / m->scale % 8) == 0)
		return 0;
	return pixel_of(m->colour[row][column]);
}

static void check_screen(void)
{
	size_t stride = fb.pitch / 4;

	for (size_t i = 0; i < pixel_count; i++) {
		u32 x = (u32)(i % stride), y = (u32)(i / stride);

		if (pixels[i] != model_pixel(&model, x, y))
			fail_msg("pixel %u,%u is %06x, not %06x", x, y, pixels[i],
				 model_pixel(&model, x, y));
	}
}

static int init(const struct screen *s, volatile u32 *to)
{
	return fbcon_init(s, to, font_begin, (size_t)(font_end - font_begin));
}

static void make_untouched(void)
{
	memset((u32 *)pixels, 0xa5, pixel_count * sizeof(u32));
}

/* Open a screen whose scale must be @scale, with @padding pixels between its lines. */
static void open_screen(u32 width, u32 height, u32 padding, u32 scale)
{
	fb = (struct screen){ .width = width,
			      .height = height,
			      .pitch = (width + padding) * 4,
			      .red_shift = 16,
			      .green_shift = 8 };
	pixel_count = (size_t)(width + padding) * (height - 1) + width;
	pixels = malloc(pixel_count * sizeof(u32));
	assert_non_null((u32 *)pixels);
	make_untouched();
	assert_int_equal(init(&fb, pixels), 0);

	memset(&model, 0, sizeof(model));
	memset(model.text, ' ', sizeof(model.text));
	model.scale = scale;
	model.columns = MIN(width / (8 * scale), 256u);
	model.rows = MIN(height / (HEIGHT * scale), 128u);
	model_line(&model);
}

static void close_screen(void)
{
	fbcon_move(NULL);
	free((u32 *)pixels);
}

static void write_text(const char *text, size_t len)
{
	fbcon_write(text, len);
	for (size_t i = 0; i < len; i++)
		model_byte(&model, (u8)text[i]);
}

static void say(const char *text)
{
	write_text(text, strlen(text));
}

static void assert_row(u32 row, const char *text, u32 colour)
{
	assert_memory_equal(model.text[row], text, strlen(text));
	for (size_t i = 0; i < strlen(text); i++)
		assert_true(text[i] == ' ' || model.colour[row][i] == colour);
}

/* --- the tests --------------------------------------------------------------------- */

static int set_up(void **state)
{
	(void)state;
	return font_parse(font_begin, (size_t)(font_end - font_begin), &font);
}

static void test_refused(void **state)
{
	static const struct screen good = { 800, 600, 3200, 16, 8, 0 };
	static u32 memory[1];
	struct screen bad[10];
	u32 columns, rows;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		bad[i] = good;
	bad[0].pitch = 3196;
	bad[1].pitch = 3202;
	bad[2].red_shift = 25;
	bad[3].red_shift = 8;
	bad[4].blue_shift = 20;
	bad[5].width = 319;
	bad[6].height = 159;
	bad[7].width = bad[7].pitch = 0x40000001;
	bad[8].height = 0xffffffff;
	bad[9].width = 0;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(init(&bad[i], memory), -EINVAL);
		fbcon_write("x\n", 2);
		fbcon_size(&columns, &rows);
		assert_true(columns == 0 && rows == 0);
	}
	assert_int_equal(init(&good, NULL), -EINVAL);
	assert_int_equal(fbcon_init(&good, memory, font_begin, 100), -EINVAL);
	fbcon_write("x\n", 2);
}

static void check_geometry(u32 width, u32 height, u32 scale, u32 columns, u32 rows)
{
	u32 seen_columns, seen_rows;

	open_screen(width, height, 0, scale);
	fbcon_size(&seen_columns, &seen_rows);
	assert_int_equal(seen_columns, columns);
	assert_int_equal(seen_rows, rows);
	check_screen();
	say("Prague\nok 1 - scale\n");
	for (u32 i = 0; i < 2 * columns; i++)
		write_text("x", 1);
	for (u32 i = 0; i < rows; i++)
		say("\nlast row");
	check_screen();
	close_screen();
}

static void test_geometry(void **state)
{
	(void)state;
	check_geometry(320, 160, 1, 40, 10);
	check_geometry(1280, 800, 1, 160, 50);
	check_geometry(1366, 768, 1, 170, 48);
	check_geometry(1600, 1200, 1, 200, 75);
	check_geometry(1920, 1080, 2, 120, 33);
	check_geometry(2560, 1440, 2, 160, 45);
	check_geometry(3840, 2160, 3, 160, 45);
	check_geometry(1920, 300, 1, 240, 18); /* twice as large would be nine rows */
	check_geometry(4000, 170, 1, 256, 10);
	check_geometry(400, 2400, 1, 50, 128);
}

static void test_formats(void **state)
{
	static const u8 shifts[][3] = { { 0, 8, 16 }, { 24, 16, 8 }, { 8, 0, 24 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shifts); i++) {
		open_screen(330, 170, 37, 1);
		fb.red_shift = shifts[i][0];
		fb.green_shift = shifts[i][1];
		fb.blue_shift = shifts[i][2];
		assert_int_equal(init(&fb, pixels), 0);
		say("grey\nok 1 green\nnot ok 2 red\n");
		check_screen();
		close_screen();
	}
}

static void test_control_characters(void **state)
{
	(void)state;
	open_screen(330, 170, 5, 1);
	say("one\ntwo\rT\n\tx\ty\nab\b\bc\n\b\bd\a\x1b[0m\x7f\x80\xe9\xff\n");
	assert_row(0, "one ", GREY);
	assert_row(1, "Two ", GREY);
	assert_row(2, "        x       y ", GREY);
	assert_row(3, "cb ", GREY);
	assert_row(4, "d\a\x1b[0m\x7f\x80\xe9\xff ", GREY);
	check_screen();
	close_screen();
}

/* Somebody else draws meanwhile; what was said by then is there when the screen comes back. */
static void test_lent(void **state)
{
	(void)state;
	open_screen(335, 175, 5, 1);
	say("before\n");
	assert_true(fbcon_is_shown());
	fbcon_lend();
	make_untouched();
	for (u32 i = 0; i < 12; i++)
		say("not ok 1 meanwhile\n");
	for (size_t i = 0; i < pixel_count; i++)
		assert_int_equal(pixels[i], UNTOUCHED);
	assert_false(fbcon_is_shown());
	fbcon_take_back();
	check_screen();
	assert_true(fbcon_is_shown());
	pixels[pixel_count - 1] ^= 1; /* right of the last column, below the last row */
	assert_false(fbcon_is_shown());
	pixels[pixel_count - 1] ^= 1;
	make_untouched();
	fbcon_take_back(); /* it was not lent */
	assert_int_equal(pixels[0], UNTOUCHED);
	close_screen();
	fbcon_lend();
	fbcon_take_back();
	assert_true(fbcon_is_shown());
}

static void test_wrap(void **state)
{
	(void)state;
	open_screen(320, 160, 0, 1);
	say("0123456789012345678901234567890123456789\nnext\n");
	assert_row(1, "next", GREY);
	say("0123456789012345678901234567890123456789+\n");
	assert_row(3, "+ ", GREY);
	say("012345678901234567890123456789012345678\t|\n");
	assert_row(5, "| ", GREY);
	check_screen();
	close_screen();
}

static void test_colours(void **state)
{
	(void)state;
	open_screen(330, 320, 0, 1);
	say("ok 1 - fine\n    not ok 2 - bad\nokay\nnot  ok\n# not ok\n");
	assert_row(0, "ok 1 - fine", GREEN);
	assert_row(1, "    not ok 2 - bad", RED);
	assert_row(2, "okay", GREY);
	assert_row(3, "not  ok", GREY);
	assert_row(4, "# not ok", GREY);
	say("ok 3 - lib.panic\nBUG, kernel panic: why\nPANIC\nPanic\nx\bok 4 typed\nbusy\rok 5\n");
	assert_row(5, "ok 3 - lib.panic", GREEN);
	assert_row(6, "BUG, kernel panic: why", RED);
	assert_row(7, "PANIC", RED);
	assert_row(8, "Panic", GREY);
	assert_row(9, "ok 4 typed", GREEN);
	assert_row(10, "ok 5", GREEN);
	say("this line is longer than a row is wide before its panic is told\nthe next is not\n");
	assert_row(11, "this line is longer than a row is wide be", RED);
	assert_row(12, "fore its panic is told", RED);
	assert_row(13, "the next is not", GREY);
	check_screen();
	close_screen();
}

/* A line that fills more than the screen, and takes its colour when its start is gone. */
static void test_long_line(void **state)
{
	(void)state;
	open_screen(320, 160, 3, 1);
	say("begin\n");
	for (u32 i = 0; i < 1000; i++)
		write_text(&"long words "[i % 11], 1);
	check_screen();
	say("panic");
	check_screen();
	say("\nover\n");
	check_screen();
	close_screen();
}

static void test_move(void **state)
{
	volatile u32 *old;

	(void)state;
	open_screen(320, 160, 0, 1);
	say("before\n");
	check_screen();
	old = pixels;
	pixels = malloc(pixel_count * sizeof(u32));
	assert_non_null((u32 *)pixels);
	memcpy((u32 *)pixels, (u32 *)old, pixel_count * sizeof(u32));
	free((u32 *)old);
	fbcon_move(pixels);
	say("after\n");
	check_screen();
	close_screen();
	fbcon_write("nowhere\n", 8);
}

/* Nothing is drawn from what the framebuffer says: here it loses all it is told. */
static void test_never_reads(void **state)
{
	(void)state;
	open_screen(320, 160, 0, 1);
	for (u32 i = 0; i < 9; i++)
		say("same\n");
	make_untouched();
	say("same"); /* one word appears */
	for (size_t i = 0; i < pixel_count; i++) {
		bool in_word = i / 320 / HEIGHT == 9 && i % 320 < 4 * 8;

		assert_int_equal(pixels[i] != UNTOUCHED, in_word);
	}
	make_untouched();
	say("\n"); /* by half: the last five rows vanish, the first five stay as they are */
	for (size_t i = 0; i < pixel_count; i++) {
		bool in_words = i / 320 / HEIGHT >= 5 && i % 320 < 4 * 8;

		assert_int_equal(pixels[i] == 0, in_words);
	}
	close_screen();
}

/* How many pixels were written since everything was untouched; makes it so again. */
static u64 count_written(void)
{
	static u32 untouched[4096];
	size_t stride = fb.pitch / 4;
	u64 n = 0;

	memset(untouched, 0xa5, sizeof(untouched));
	for (u32 y = 0; y < fb.height; y++) {
		u32 *at = (u32 *)pixels + y * stride;

		if (memcmp(at, untouched, fb.width * sizeof(u32)) == 0)
			continue;
		for (u32 x = 0; x < fb.width; x++)
			n += at[x] != UNTOUCHED;
		memset(at, 0xa5, fb.width * sizeof(u32));
	}
	return n;
}

/*
 * What 500 lines of results cost.  Characters and line ends are written apart, so that
 * no pixel is counted once that was written twice, but for the two of an "ok".
 */
static u64 cost_of_results(u32 width, u32 height, u32 scale, u64 *characters)
{
	char text[100];
	u64 written = 0;

	open_screen(width, height, 0, scale);
	make_untouched();
	*characters = 0;
	for (u32 i = 0; i < 500; i++) {
		int n = snprintf(text, sizeof(text), "ok %u - mm.asid.case_%u # %u us, %u faults",
				 i, i * 7919 % 1000, i * 104729 % 100000, i * 31 % 256);

		*characters += (u32)n;
		fbcon_write(text, (size_t)n);
		written += count_written();
		fbcon_write("\n", 1);
		written += count_written();
	}
	close_screen();
	return written;
}

static void test_cost(void **state)
{
	u64 characters, written = cost_of_results(1280, 800, 1, &characters);

	(void)state;
	print_message("1280x800: %llu pixels for 500 lines, %llu characters of 128 pixels\n",
		      (unsigned long long)written, (unsigned long long)characters);
	assert_true(written < 4 * characters * 128);
	written = cost_of_results(3840, 2160, 3, &characters);
	print_message("3840x2160: %llu pixels for 500 lines, %llu characters of 1152 pixels\n",
		      (unsigned long long)written, (unsigned long long)characters);
	assert_true(written < 4 * characters * 1152);
}

static size_t random_text(struct rand *r, char *to)
{
	static const char *const words[] = { "ok ",  "not ok", "panic", "PANIC", "\n",	  "\n",
					     "\r\n", "\r",     "\t",	"\b",	 " ",	  "pan",
					     "ic",   "not ",   "a",	"okay",	 "\b\b\b" };
	size_t len = 0;

	for (u64 n = rand_below(r, 40); n > 0; n--) {
		const char *word = words[rand_below(r, ARRAY_SIZE(words))];

		if (rand_below(r, 4) == 0) {
			to[len++] = (char)rand_next(r);
		} else {
			memcpy(to + len, word, strlen(word));
			len += strlen(word);
		}
	}
	return len;
}

static void test_random(void **state)
{
	char text[400];
	struct rand r;

	(void)state;
	rand_seed(&r, 1);
	for (u32 screen = 0; screen < 12; screen++) {
		open_screen(320 + (u32)rand_below(&r, 80), 160 + (u32)rand_below(&r, 100),
			    (u32)rand_below(&r, 20), 1);
		for (u32 i = 0; i < 400; i++) {
			write_text(text, random_text(&r, text));
			if (i % 8 == 0)
				check_screen();
		}
		check_screen();
		close_screen();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused), cmocka_unit_test(test_geometry),
		cmocka_unit_test(test_formats), cmocka_unit_test(test_control_characters),
		cmocka_unit_test(test_lent),	cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_colours), cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_move),	cmocka_unit_test(test_never_reads),
		cmocka_unit_test(test_cost),	cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
