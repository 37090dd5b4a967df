/* SPDX-License-Identifier: MIT */
/*
 * tests/host/sheet_test.c - a sheet on screens of all sizes: the code is there, whole, in light,
 * the text too or not at all, and no write leaves the screen.
 */
#include "tests/host/cmocka_host.h"
#include "kernel/font.h"
#include "lib/sheet.h"

/* What kernel/font.asm is in the kernel. */
__asm__(".section .rodata\n"
	".globl font_begin, font_end\n"
	"font_begin: .incbin \"font.psf\"\n"
	"font_end:\n"
	".previous\n");

#define WHITE	  0xffffffu
#define UNTOUCHED 0xa5a5a5a5u
#define SLACK	  3u /* pixels behind each line that are not the screen's */
#define TEXT	  "Prague\nswitch_mm_hit 31 31\n"

static struct font font;
static struct qr code;
static u32 *pixels;
static struct screen s;

static void open_screen(u32 width, u32 height)
{
	s = (struct screen){ width, height, (width + SLACK) * (u32)sizeof(u32), 16, 8, 0 };
	pixels = malloc((size_t)s.pitch * height);
	memset(pixels, 0xa5, (size_t)s.pitch * height);
}

static u32 at(u32 x, u32 y)
{
	return pixels[(size_t)y * (s.pitch / sizeof(u32)) + x];
}

static bool code_is_at(u32 left, u32 top, u32 module)
{
	u32 side = (code.size + 2 * QR_QUIET) * module;

	if (left + side > s.width || top + side > s.height)
		return false;
	for (u32 y = 0; y < side; y++)
		for (u32 x = 0; x < side; x++) {
			u32 column = x / module - QR_QUIET, row = y / module - QR_QUIET;
			bool is_dark = column < code.size && row < code.size &&
				       qr_is_dark(&code, column, row);

			if (at(left + x, top + y) != (is_dark ? 0 : WHITE))
				return false;
		}
	return true;
}

/* Is the text at the top left, enlarged @scale times? */
static bool text_is_there(u32 scale)
{
	u32 row = 0, column = 0;

	for (const char *c = TEXT; *c != '\0'; c++, column++) {
		if (*c == '\n') {
			row++;
			column = ~0u;
			continue;
		}
		for (u32 y = 0; y < font.height * scale; y++)
			for (u32 x = 0; x < FONT_WIDTH * scale; x++)
				if ((at(column * FONT_WIDTH * scale + x,
					row * font.height * scale + y) == 0) !=
				    font_has_ink(&font, (u8)*c, x / scale, y / scale))
					return false;
	}
	return true;
}

static void check_slack(void)
{
	for (u32 y = 0; y < s.height; y++)
		for (u32 x = s.width; x < s.width + SLACK; x++)
			assert_int_equal(at(x, y), UNTOUCHED);
}

static void make_code(u32 version)
{
	static const u8 bytes[3000];

	assert_int_equal(qr_encode(&code, bytes, qr_capacity(version), QR_VERSION_MAX), 0);
}

static u32 draw(u32 width, u32 height)
{
	open_screen(width, height);
	return sheet_draw(&s, pixels, &font, TEXT, &code);
}

static void test_beside(void **state)
{
	(void)state;
	make_code(10); /* 65 modules with the quiet zone */
	assert_int_equal(draw(1000, 700), 10);
	assert_true(text_is_there(1));
	assert_true(code_is_at(19 * FONT_WIDTH, 0, 10));
	check_slack();
	free(pixels);
}

static void test_below(void **state)
{
	(void)state;
	make_code(10);
	assert_int_equal(draw(300, 600), 4);
	assert_true(text_is_there(1));
	assert_true(code_is_at(0, 2 * font.height, 4));
	check_slack();
	free(pixels);
}

/* Large screens have large text, unless the code would suffer. */
static void test_enlarged(void **state)
{
	(void)state;
	make_code(10);
	assert_int_equal(draw(3200, 1600), 24);
	assert_true(text_is_there(2));
	free(pixels);
	make_code(40); /* 185 */
	assert_int_equal(draw(1700, 768), 4);
	assert_true(text_is_there(2));
	free(pixels);
	assert_int_equal(draw(1700, 600), 3);
	assert_true(text_is_there(1));
	free(pixels);
}

/* Text that leaves too little is not shown; nor does anything of it hide the code. */
static void test_alone(void **state)
{
	(void)state;
	make_code(40);
	assert_int_equal(draw(380, 375), 2);
	assert_true(code_is_at(0, 0, 2));
	check_slack();
	free(pixels);
}

static void test_no_room(void **state)
{
	(void)state;
	make_code(40);
	assert_int_equal(draw(369, 400), 0);
	for (u32 y = 0; y < s.height; y++)
		for (u32 x = 0; x < s.width + SLACK; x++)
			assert_int_equal(at(x, y), UNTOUCHED);
	free(pixels);
}

static void test_version_max(void **state)
{
	(void)state;
	s = (struct screen){ .width = 370, .height = 370 };
	assert_int_equal(sheet_version_max(&s), 40);
	s.width = 369;
	assert_int_equal(sheet_version_max(&s), 39);
	s = (struct screen){ .width = 1000, .height = 58 };
	assert_int_equal(sheet_version_max(&s), 1);
	s.height = 57;
	assert_int_equal(sheet_version_max(&s), 0);
}

/* Every size: a code that sheet_version_max() allows is drawn. */
static void test_any_size(void **state)
{
	(void)state;
	for (u32 width = 58; width < 700; width += 41)
		for (u32 height = 58; height < 700; height += 37) {
			s = (struct screen){ .width = width, .height = height };
			make_code(sheet_version_max(&s));
			assert_in_range(draw(width, height), SHEET_MODULE_MIN, 100);
			check_slack();
			free(pixels);
		}
}

static int set_up(void **state)
{
	(void)state;
	return font_parse(font_begin, (size_t)(font_end - font_begin), &font);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_beside),	 cmocka_unit_test(test_below),
		cmocka_unit_test(test_enlarged), cmocka_unit_test(test_alone),
		cmocka_unit_test(test_no_room),	 cmocka_unit_test(test_version_max),
		cmocka_unit_test(test_any_size),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
