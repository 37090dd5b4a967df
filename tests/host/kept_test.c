/* SPDX-License-Identifier: MIT */
/* tests/host/kept_test.c - results in memory, each way in which they can be damaged, and the note.
 */
#include "tests/host/cmocka_host.h"

#include "lib/err.h"
#include "lib/kept.h"

#define SIZE 4096u
#define ID   "20260102-030405-0a1b2c3d"

static struct kept *kept;
static char why[KEPT_WHY_MAX];

static int begin(void **state)
{
	(void)state;
	kept = malloc(SIZE); /* of just its size, so that the sanitizer sees any excess */
	memset(kept, 0x5a, SIZE);
	kept_begin(kept, SIZE, ID);
	return 0;
}

static int end(void **state)
{
	(void)state;
	free(kept);
	return 0;
}

static bool append(const char *line)
{
	return kept_append(kept, line, strlen(line));
}

static int check(void)
{
	strcpy(why, "nothing said");
	return kept_check(kept, SIZE, ID, why);
}

/* Each line leaves all of it whole, so that a run that is cut off has its lines so far. */
static void test_whole_after_each_line(void **state)
{
	(void)state;
	assert_int_equal(check(), 0);
	assert_int_equal(kept->text_bytes, 0);
	assert_true(append("one\n"));
	assert_int_equal(check(), 0);
	assert_true(append("two\n"));
	assert_int_equal(check(), 0);
	assert_int_equal(kept->text_bytes, 8);
	assert_memory_equal(kept->text, "one\ntwo\n", 8);
	assert_int_equal(kept->ended, 0);
	kept_end(kept);
	assert_int_equal(check(), 0);
	assert_int_equal(kept->ended, 1);
}

static void test_full(void **state)
{
	static char line[1024];

	(void)state;
	memset(line, 'x', sizeof(line) - 2);
	line[sizeof(line) - 2] = '\n';
	while (append(line))
		assert_int_equal(check(), 0);
	assert_int_equal(kept->lost, 1);
	assert_int_equal(check(), 0);
	assert_true(append("a short one\n"));
	line[SIZE - sizeof(*kept) - kept->text_bytes] = '\0';
	assert_true(append(line)); /* to the last byte */
	assert_int_equal(kept->text_bytes, SIZE - sizeof(*kept));
	assert_false(append("\n"));
	assert_int_equal(kept->lost, 2);
	assert_int_equal(check(), 0);
}

/* Any bit of what was written, in header and text. */
static void test_each_bit_counts(void **state)
{
	size_t bytes;

	(void)state;
	append("some text\n");
	kept_end(kept);
	bytes = sizeof(*kept) + kept->text_bytes;
	for (size_t bit = 0; bit < 8 * bytes; bit++) {
		u8 *at = (u8 *)kept + bit / 8, mask = (u8)(1u << bit % 8);

		*at ^= mask;
		if (check() == 0)
			fail_msg("bit %zu is not looked at", bit);
		assert_string_not_equal(why, "nothing said");
		*at ^= mask;
	}
	assert_int_equal(check(), 0);
}

static void test_what_is_wrong(void **state)
{
	(void)state;
	append("some text\n");
	assert_int_equal(kept_check(kept, SIZE, "20260102-030405-0a1b2c3e", why), -ESRCH);
	assert_int_equal(kept_check(kept, SIZE / 2, ID, why), -EINVAL);
	kept->text[3] ^= 1;
	assert_int_equal(check(), -EINVAL);
	assert_string_equal(why, "the 10 bytes in memory have a wrong checksum");
	memset(kept, 0, SIZE);
	assert_int_equal(check(), -ENOENT);
	memset(kept, 0xff, SIZE);
	assert_int_equal(check(), -ENOENT);
}

/* A header that says of itself that it has more than there is. */
static void test_lengths_are_looked_at(void **state)
{
	(void)state;
	kept->text_bytes = SIZE;
	kept_end(kept);
	assert_int_equal(check(), -EINVAL);
}

/* --- the note --------------------------------------------------------------------------------- */

static const struct kept_note good = { ID, 0x12345000, 0x40000, "kernel=classic bench=\"a b\"" };

static int parse(const char *text)
{
	struct kept_note note;
	size_t size = strlen(text);
	char *copy = malloc(size + 1);
	int err;

	memcpy(copy + 1, text, size); /* no 0 behind it */
	err = kept_note_parse(&note, copy + 1, size);
	free(copy);
	return err;
}

static void test_note(void **state)
{
	char text[KEPT_NOTE_MAX];
	struct kept_note note;
	int len = kept_note_format(&good, text, sizeof(text));

	(void)state;
	assert_int_equal(len, strlen(text));
	assert_int_equal(kept_note_parse(&note, text, (size_t)len), 0);
	assert_memory_equal(&note, &good, sizeof(note));
	assert_int_equal(kept_note_format(&good, text, (size_t)len), -ENOSPC);
	assert_int_equal(kept_note_format(&good, text, (size_t)len + 1), len);
}

static void test_longest_note(void **state)
{
	char text[KEPT_NOTE_MAX];
	struct kept_note note, longest = { .address = ~0xffful, .size = 16 * MIB };
	int len;

	(void)state;
	memset(longest.id, 'a', sizeof(longest.id) - 1);
	memset(longest.next, 'b', sizeof(longest.next) - 1);
	len = kept_note_format(&longest, text, sizeof(text));
	assert_true(len > 0);
	assert_int_equal(kept_note_parse(&note, text, (size_t)len), 0);
	assert_memory_equal(&note, &longest, sizeof(note));
}

/* As an editor, or another system, may have left it. */
static void test_note_with_other_ends(void **state)
{
	(void)state;
	assert_int_equal(parse("run=a address=0x1000 size=4096"), 0);
	assert_int_equal(parse("run=a address=0x1000 size=4096\r\nkernel=classic\r\n"), 0);
	assert_int_equal(parse("size=4096 address=4096 run=a\n\n"), 0);
}

static void test_bad_notes(void **state)
{
	static const char *const bad[] = {
		"",
		"\n",
		"run=a\n",
		"run=a address=0x1000\n",
		"run=a size=4096\n",
		"address=0x1000 size=4096\n",
		"run= address=0x1000 size=4096\n",
		"run=a/b address=0x1000 size=4096\n",
		"run=.. address=0x1000 size=4096\n",
		"run=a\\b address=0x1000 size=4096\n",
		"run=0123456789012345678901234567890123 address=0x1000 size=4096\n",
		"run=a address=0x1001 size=4096\n",
		"run=a address=0 size=4096\n",
		"run=a address=x size=4096\n",
		"run=a address=0x1000 size=4097\n",
		"run=a address=0x1000 size=0\n",
		"run=a address=0x1000 size=4294963200\n",
		"run=a address=0x1000 size=4096 and=more\n",
	};
	char text[2 * KEPT_NOTE_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (parse(bad[i]) != -EINVAL)
			fail_msg("taken: %s", bad[i]);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(parse(text), -EINVAL);
	memcpy(text, "run=a address=0x1000 size=4096\n", 31);
	assert_int_equal(parse(text), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_whole_after_each_line, begin, end),
		cmocka_unit_test_setup_teardown(test_full, begin, end),
		cmocka_unit_test_setup_teardown(test_each_bit_counts, begin, end),
		cmocka_unit_test_setup_teardown(test_what_is_wrong, begin, end),
		cmocka_unit_test_setup_teardown(test_lengths_are_looked_at, begin, end),
		cmocka_unit_test(test_note),
		cmocka_unit_test(test_longest_note),
		cmocka_unit_test(test_note_with_other_ends),
		cmocka_unit_test(test_bad_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
