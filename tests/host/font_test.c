/* SPDX-License-Identifier: MIT */
/* tests/host/font_test.c - the font that is shipped, and files that are no font. */
#include "tests/host/cmocka_host.h"
#include "kernel/font.h"
#include "lib/err.h"
#include "lib/font.h"
#include "lib/rand.h"

/* What kernel/font.asm is in the kernel. */
__asm__(".section .rodata\n"
	".globl font_begin, font_end\n"
	"font_begin: .incbin \"font.psf\"\n"
	"font_end:\n"
	".previous\n");

#define HEIGHT 16u

static struct font font;

static int set_up(void **state)
{
	(void)state;
	return font_parse(font_begin, (size_t)(font_end - font_begin), &font);
}

static void test_font(void **state)
{
	static const u8 blank[5];
	const u8 *e, *e_acute;

	(void)state;
	assert_int_equal(font.height, HEIGHT);
	for (u32 c = 0x20; c < 0x7f; c++)
		assert_int_equal(font.glyph_of[c], c);
	for (u32 c = 0; c < 0x20; c++)
		assert_int_equal(font.glyph_of[c], '?');
	for (u32 c = 0x7f; c < 0xa0; c++)
		assert_int_equal(font.glyph_of[c], '?');
	assert_int_not_equal(font.glyph_of[0xe9], '?');
	e = font.bitmaps + HEIGHT * 'e';
	e_acute = font.bitmaps + HEIGHT * font.glyph_of[0xe9];
	assert_memory_equal(e + 5, e_acute + 5, HEIGHT - 5);
	assert_memory_equal(e, blank, 5);
	assert_memory_not_equal(e_acute, blank, 5);
}

static void test_bad_font(void **state)
{
	size_t size = (size_t)(font_end - font_begin);
	u8 *copy = malloc(size);
	struct font f;

	(void)state;
	assert_non_null(copy);
	for (size_t n = 0; n < 4; n++)
		assert_int_equal(font_parse(font_begin, n, &f), -EINVAL);
	assert_int_equal(font_parse(font_begin, 4 + 256 * HEIGHT - 1, &f), -EINVAL);
	assert_int_equal(font_parse(font_begin, 4 + 256 * HEIGHT, &f), -EINVAL);
	for (size_t i = 0; i < 4; i++) {
		memcpy(copy, font_begin, size);
		copy[i] = 0xff; /* magic, magic, 512 glyphs, height */
		assert_int_equal(font_parse(copy, size, &f), -EINVAL);
	}
	copy[3] = 0;
	assert_int_equal(font_parse(copy, size, &f), -EINVAL);
	free(copy);
}

/* A font whose table is noise is refused or has glyphs for all; ASan watches the rest. */
static void test_noisy_font(void **state)
{
	size_t size = 4 + 256 * 8 + 1200;
	struct rand r;
	struct font f;

	(void)state;
	rand_seed(&r, 3);
	for (u32 i = 0; i < 2000; i++) {
		size_t n = size - rand_below(&r, 1300);
		u8 *file = malloc(n);

		assert_non_null(file);
		for (size_t at = 0; at < n; at++)
			file[at] = (u8)(rand_below(&r, 3) == 0 ? 0xff : rand_below(&r, 0x40));
		memcpy(file, "\x36\x04\x02\x08", 4);
		if (font_parse(file, n, &f) == 0)
			assert_true(f.glyph_of['?'] == f.glyph_of[0]);
		free(file);
	}
}

/* Each pixel is a square of four, and nothing else is touched. */
static void test_draw(void **state)
{
	u32 pixels[HEIGHT * 2][20];

	(void)state;
	memset(pixels, 0xa5, sizeof(pixels));
	font_draw(&font, 'A', &pixels[0][2], 20, 2, 7, 3);
	for (u32 y = 0; y < HEIGHT * 2; y++) {
		for (u32 x = 0; x < 20; x++) {
			bool inside = x >= 2 && x < 18;
			bool ink = inside && (font_begin[4 + HEIGHT * 'A' + y / 2] &
					      0x80 >> (x - 2) / 2) != 0;

			assert_int_equal(pixels[y][x], ink ? 7 : inside ? 3 : 0xa5a5a5a5);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_font),
		cmocka_unit_test(test_bad_font),
		cmocka_unit_test(test_noisy_font),
		cmocka_unit_test(test_draw),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
