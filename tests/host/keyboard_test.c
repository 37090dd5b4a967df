/* SPDX-License-Identifier: MIT */
/* tests/host/keyboard_test.c - scan codes become characters; a keyboard may send anything. */
#include "tests/host/cmocka_host.h"
#include "lib/rand.h"
#include "user/lib/keyboard.h"

#define UP    0x80
#define E0    0xe0
#define SHIFT 0x2a
#define RIGHT 0x36
#define CTRL  0x1d
#define CAPS  0x3a
#define A     0x1e

static char typed[256];

/* What @n codes, from a keyboard without keys down, type. */
static const char *type(const u8 *codes, size_t n)
{
	struct keyboard k = { 0 };
	size_t at = 0;

	for (size_t i = 0; i < n; i++)
		at += keyboard_take(&k, codes[i], &typed[at]);
	typed[at] = '\0';
	return typed;
}

#define TYPE(...) type((const u8[]){ __VA_ARGS__ }, sizeof((const u8[]){ __VA_ARGS__ }))

/* All of a row, by codes that follow each other; @modifier, unless 0, is held. */
static void check_row(u8 modifier, u8 first, const char *want)
{
	struct keyboard k = { 0 };
	char text[KEYBOARD_TEXT_MAX];

	if (modifier != 0)
		assert_int_equal(keyboard_take(&k, modifier, text), 0);
	for (u8 i = 0; want[i] != '\0'; i++) {
		assert_int_equal(keyboard_take(&k, (u8)(first + i), text), 1);
		assert_int_equal(text[0], want[i]);
		assert_int_equal(keyboard_take(&k, (u8)(first + i) | UP, text), 0);
	}
}

static void test_rows(void **state)
{
	(void)state;
	check_row(0, 0x01, "\0331234567890-=\b\tqwertyuiop[]\r");
	check_row(0, A, "asdfghjkl;'`");
	check_row(0, 0x2b, "\\zxcvbnm,./");
	check_row(0, 0x37, "*");
	check_row(0, 0x39, " ");
	check_row(0, 0x47, "789-456+1230.");
	for (int i = 0; i < 2; i++) {
		u8 shift = i == 0 ? SHIFT : RIGHT;

		check_row(shift, 0x01, "\033!@#$%^&*()_+\b\tQWERTYUIOP{}\r");
		check_row(shift, A, "ASDFGHJKL:\"~");
		check_row(shift, 0x2b, "|ZXCVBNM<>?");
		check_row(shift, 0x39, " ");
	}
	check_row(CAPS, 0x02, "1234567890-=\b\tQWERTYUIOP[]\r");
	check_row(CAPS, A, "ASDFGHJKL;'`");
	check_row(CTRL, 0x10, "\021\027\005\022\024\031\025\011\017\020\033\035");
	check_row(CTRL, 0x2b, "\034\032\030\003\026\002\016\015");
}

static void test_modifiers(void **state)
{
	(void)state;
	assert_string_equal(TYPE(A, A, A, A | UP), "aaa");
	assert_string_equal(TYPE(SHIFT, A, SHIFT | UP, A), "Aa");
	assert_string_equal(TYPE(SHIFT, RIGHT, SHIFT | UP, A, RIGHT | UP, A), "Aa");
	assert_string_equal(TYPE(CAPS, CAPS, CAPS | UP, A, CAPS, CAPS | UP, A), "Aa");
	assert_string_equal(TYPE(CAPS, CAPS | UP, SHIFT, A, 0x02), "a!");
	assert_string_equal(TYPE(CTRL, A, CTRL | UP, A), "\001a");
	assert_string_equal(TYPE(CTRL, E0, CTRL, CTRL | UP, A, E0, CTRL | UP, A), "\001a");
	assert_string_equal(TYPE(CTRL, CAPS, SHIFT, A), "\001");
	assert_string_equal(TYPE(CTRL, 0x02, 0x39, 0x47), ""); /* 1, space, 7 */
	assert_string_equal(TYPE(0x38, A, E0, 0x38, A), "aa"); /* Alt */
}

static void test_extended(void **state)
{
	(void)state;
	assert_string_equal(TYPE(E0, 0x48, E0, 0x48 | UP, A), "\033[Aa");
	assert_string_equal(TYPE(E0, 0x50, E0, 0x4d, E0, 0x4b), "\033[B\033[C\033[D");
	assert_string_equal(TYPE(E0, 0x47, E0, 0x4f, E0, 0x53), "\033[H\033[F\177");
	assert_string_equal(TYPE(E0, 0x1c, E0, 0x35), "\r/");
	/* Shifts that some keyboards send around these are none. */
	assert_string_equal(TYPE(E0, SHIFT, E0, 0x48, E0, SHIFT | UP, A), "\033[Aa");
	assert_string_equal(TYPE(SHIFT, E0, SHIFT | UP, A), "A");
	/* Pause; a 1 behind it. */
	assert_string_equal(TYPE(0xe1, CTRL, 0x45, 0xe1, CTRL | UP, 0xc5, 0x02), "1");
	assert_string_equal(TYPE(E0, E0, 0x48), "\033[A");
}

static void test_no_text(void **state)
{
	(void)state;
	assert_string_equal(TYPE(0x00, 0xff, 0xfa, 0xfe, 0xaa, 0xee), "");
	assert_string_equal(TYPE(0x3b, 0x44, 0x45, 0x46, 0x57, 0x58, 0x7f, 0x5b, 0x54), "");
	assert_string_equal(TYPE(E0, 0x5b, E0, 0x37, E0, 0x00, E0, 0x7f), "");
	assert_string_equal(TYPE(0x56, SHIFT, 0x56), "\\|");
}

static void test_anything(void **state)
{
	struct rand r = { 1 };
	struct keyboard k = { 0 };

	(void)state;
	for (u32 i = 0; i < 1000000; i++) {
		char text[KEYBOARD_TEXT_MAX];
		u32 n = keyboard_take(&k, (u8)rand_next(&r), text);

		assert_true(n <= KEYBOARD_TEXT_MAX);
		for (u32 j = 0; j < n; j++)
			assert_true(text[j] > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),	 cmocka_unit_test(test_modifiers),
		cmocka_unit_test(test_extended), cmocka_unit_test(test_no_text),
		cmocka_unit_test(test_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
