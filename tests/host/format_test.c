/* SPDX-License-Identifier: MIT */
/* tests/host/format_test.c - every conversion, and random ones against libc's snprintf. */
#include "tests/host/cmocka_host.h"
#include "lib/format.h"
#include "lib/rand.h"

#define SIZE 128

static struct rand rng;

#define assert_format(expected, ...)                                                               \
	do {                                                                                       \
		char text[SIZE];                                                                   \
		assert_int_equal(format(text, sizeof(text), __VA_ARGS__), strlen(expected));       \
		assert_string_equal(text, expected);                                               \
	} while (0)

static void test_conversions(void **state)
{
	(void)state;
	assert_format("-5 7 ff FF %", "%d %u %x %X %%", -5, 7u, 255u, 255u);
	assert_format("abc    x", "%s%5c", "abc", 'x');
	assert_format("0x0000000000000000", "%p", NULL);
	assert_format("0xffffffff80001234", "%p", (void *)0xffffffff80001234ul);
	assert_format("-9223372036854775808", "%lld", (long long)INT64_MIN);
	assert_format("18446744073709551615", "%lu", UINT64_MAX);
	assert_format("ab", "%.*s", 2, "abc");
	assert_format("abc  |", "%*s|", -5, "abc");
}

/* Through a pointer, so that the compiler does not read the formats that it warns of. */
static int (*volatile format_unchecked)(char *buf, size_t size, const char *fmt, ...) = format;

static void test_odd_formats(void **state)
{
	char text[SIZE];

	(void)state;
	format_unchecked(text, sizeof(text), "%q|%5k|%", 1);
	assert_string_equal(text, "%q|%5k|%");
	format_unchecked(text, sizeof(text), "%s %d", NULL, 3);
	assert_string_equal(text, "(null) 3");
	format_unchecked(text, sizeof(text), "%hhu %hd", 0xfff, 0xffff);
	assert_string_equal(text, "255 -1");
	assert_int_equal(format_unchecked(text, sizeof(text), "%*d", INT32_MIN, 1), 1 << 20);
	assert_int_equal(format_unchecked(text, sizeof(text), "%99999999999d", 1), 1 << 20);
}

static void test_cut(void **state)
{
	char text[8] = "#######";

	(void)state;
	assert_int_equal(format(text, 4, "%s", "abcdef"), 6);
	assert_memory_equal(text, "abc\0###", 8);
	assert_int_equal(format(text, 1, "%d", 12), 2);
	assert_string_equal(text, "");
	assert_int_equal(format(text, 0, "%d", 123), 3);
	assert_int_equal(format(NULL, 0, "%d", 1234), 4);
	assert_memory_equal(text, "\0bc\0###", 8);
}

/* "%", flags, width, perhaps a precision, @length, @letter; of flags those C defines for it. */
static void random_spec(char *spec, const char *length, char letter)
{
	char flags[4] = "", width[12] = "", precision[13] = "";
	bool number = letter != 's' && letter != 'c';
	size_t n = 0;

	if (rand_below(&rng, 2))
		flags[n++] = '-';
	if (number && rand_below(&rng, 2))
		flags[n++] = '0';
	if ((letter == 'x' || letter == 'X') && rand_below(&rng, 2))
		flags[n++] = '#';
	if (rand_below(&rng, 2))
		snprintf(width, sizeof(width), "%d", 1 + (int)rand_below(&rng, 30));
	if (letter != 'c' && rand_below(&rng, 2))
		snprintf(precision, sizeof(precision), ".%d", (int)rand_below(&rng, 25));
	sprintf(spec, "<%%%s%s%s%s%c>", flags, width, precision, length, letter);
}

/* Many small values, many with few bits, some with all. */
static u64 random_value(void)
{
	u64 value = rand_next(&rng) >> rand_below(&rng, 64);

	return rand_below(&rng, 8) == 0 ? 0 : rand_below(&rng, 2) ? value : -value;
}

static void compare(const char *spec, u64 value)
{
	static int (*volatile libc)(char *buf, size_t size, const char *fmt, ...) = snprintf;
	size_t size = rand_below(&rng, 4) ? SIZE : rand_below(&rng, SIZE);
	char ours[SIZE], theirs[SIZE];

	memset(ours, '~', SIZE);
	memset(theirs, '~', SIZE);
	if (format_unchecked(ours, size, spec, value) != libc(theirs, size, spec, value))
		fail_msg("length of %s for %llx", spec, (unsigned long long)value);
	if (memcmp(ours, theirs, SIZE) != 0)
		fail_msg("%s for %llx: %s, not %s", spec, (unsigned long long)value, ours, theirs);
}

static void test_random_numbers(void **state)
{
	static const char *const lengths[] = { "", "l", "ll", "z", "h", "hh" };
	static const char letters[] = "diuxX";
	char spec[64];

	(void)state;
	for (int i = 0; i < 300000; i++) {
		const char *length = lengths[rand_below(&rng, ARRAY_SIZE(lengths))];

		random_spec(spec, length, letters[rand_below(&rng, strlen(letters))]);
		compare(spec, random_value());
	}
}

static void test_random_texts(void **state)
{
	char text[SIZE / 2], spec[64];

	(void)state;
	for (int i = 0; i < 100000; i++) {
		size_t n = rand_below(&rng, 40);

		memset(text, 'a' + i % 26, n);
		text[n] = '\0';
		random_spec(spec, "", 's');
		compare(spec, (uintptr_t)text);
		random_spec(spec, "", 'c');
		compare(spec, 'a' + (u64)i % 26);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conversions),  cmocka_unit_test(test_odd_formats),
		cmocka_unit_test(test_cut),	     cmocka_unit_test(test_random_numbers),
		cmocka_unit_test(test_random_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
