/* SPDX-License-Identifier: MIT */
/* tests/host/cmdline_test.c - good words, bad words, and what is said about them. */
#include "tests/host/cmocka_host.h"
#include "lib/cmdline.h"
#include "lib/rand.h"

static struct {
	u32 asids;
	u8 small;
	u64 kmem, big;
	bool trace;
	char suites[8];
	u32 pcid;
} options;

static const char *const pcid_choices[] = { "on", "off", "soft", "auto", NULL };

#define OPTION(field, kind_, ...)                                                                  \
	{                                                                                          \
		.name = #field, .kind = kind_, .target = &options.field,                           \
		.target_size = sizeof(options.field), __VA_ARGS__                                  \
	}

static const struct cmdline_option table[] = {
	OPTION(asids, CMDLINE_UINT, .min = 1, .max = 4094),
	OPTION(small, CMDLINE_UINT, .min = 0),
	OPTION(kmem, CMDLINE_SIZE, .min = MIB, .max = 4 * GIB),
	OPTION(big, CMDLINE_SIZE, .min = 0),
	OPTION(trace, CMDLINE_FLAG, .min = 0),
	OPTION(suites, CMDLINE_STRING, .min = 0),
	OPTION(pcid, CMDLINE_CHOICE, .choices = pcid_choices),
};

static int complaints;
static char complaint[CMDLINE_COMPLAINT_MAX];

static void complain(const char *message)
{
	complaints++;
	assert_in_range(strlen(message), 1, sizeof(complaint) - 1);
	assert_null(strchr(message, '\n'));
	strcpy(complaint, message);
}

static int parse(const char *line)
{
	int n;

	complaints = 0;
	complaint[0] = '\0';
	n = cmdline_parse(line, table, ARRAY_SIZE(table), complain);
	assert_int_equal(n, complaints);
	return n;
}

static int reset(void **state)
{
	(void)state;
	memset(&options, 0, sizeof(options));
	return 0;
}

static void test_good(void **state)
{
	(void)state;
	assert_int_equal(parse("asids=16 small=0xFf kmem=64M\ttrace pcid=soft suites=mm.*\r\n"), 0);
	assert_int_equal(options.asids, 16);
	assert_int_equal(options.small, 255);
	assert_int_equal(options.kmem, 64 * MIB);
	assert_true(options.trace);
	assert_int_equal(options.pcid, 2);
	assert_string_equal(options.suites, "mm.*");
}

static void test_empty(void **state)
{
	(void)state;
	assert_int_equal(parse(""), 0);
	assert_int_equal(parse(" \t \n "), 0);
}

static void test_quotes(void **state)
{
	(void)state;
	assert_int_equal(parse("suites=\"a b\" asids=\"7\" trace=\"on\""), 0);
	assert_string_equal(options.suites, "a b");
	assert_int_equal(options.asids, 7);
	assert_true(options.trace);
	assert_int_equal(parse("suites=\"\""), 0);
	assert_string_equal(options.suites, "");
	assert_int_equal(parse("suites="), 0);
	assert_int_equal(parse("suites=a=b"), 0);
	assert_string_equal(options.suites, "a=b");
}

static void test_later_words_win(void **state)
{
	(void)state;
	assert_int_equal(parse("asids=1 trace asids=3 trace=off"), 0);
	assert_int_equal(options.asids, 3);
	assert_false(options.trace);
	assert_int_equal(parse("asids=4 asids=x"), 1);
	assert_int_equal(options.asids, 4);
}

static void test_limits(void **state)
{
	(void)state;
	assert_int_equal(parse("asids=4094 small=255 big=18446744073709551615 kmem=4G"), 0);
	assert_int_equal(options.asids, 4094);
	assert_int_equal(options.big, UINT64_MAX);
	assert_int_equal(options.kmem, 4 * GIB);
	assert_int_equal(parse("big=17179869183G"), 0);
	assert_int_equal(options.big, 17179869183ull * GIB);
	assert_int_equal(parse("big=3K kmem=1M asids=0x1"), 0);
	assert_int_equal(options.big, 3 * KIB);
}

/* Each is one bad word; what it says must hold the word and @allowed. */
static const struct {
	const char *word, *allowed;
} bad[] = {
	{ "asids=0", "from 1 to 4094" },
	{ "asids=4095", "from 1 to 4094" },
	{ "asids=", "number" },
	{ "asids", "number" },
	{ "asids=x", "number" },
	{ "asids=1x", "number" },
	{ "asids=1a", "number" },
	{ "asids=0x1g", "number" },
	{ "asids=0x1[", "number" },
	{ "asids=0x", "number" },
	{ "asids=-1", "number" },
	{ "asids=+1", "number" },
	{ "asids=1K", "number" },
	{ "asids=18446744073709551617", "number" },
	{ "asids=0x10000000000000001", "number" },
	{ "small=256", "from 0 to 255" },
	{ "kmem=1", "size from 1048576 to 4294967296 bytes" },
	{ "kmem=5G", "K, M, G" },
	{ "kmem=64m", "K, M, G" },
	{ "kmem=64MB", "K, M, G" },
	{ "kmem=M", "K, M, G" },
	{ "big=17179869184G", "K, M, G" },
	{ "big=99999999999999999999", "K, M, G" },
	{ "trace=1", "on or off" },
	{ "trace=", "on or off" },
	{ "pcid", "one of on off soft auto" },
	{ "pcid=", "one of on off soft auto" },
	{ "pcid=of", "one of on off soft auto" },
	{ "pcid=offs", "one of on off soft auto" },
	{ "suites", "at most 7 characters" },
	{ "suites=12345678", "at most 7 characters" },
	{ "suites=\"1234 5678\"", "at most 7 characters" },
	{ "suites=\"abc", "quotes" },
	{ "suites=\"abc d", "quotes" },
	{ "suites=\"", "quotes" },
	{ "suites=\"a\"b", "quotes" },
	{ "suites=\"a\"\"b\"", "quotes" },
	{ "nonsense=\"a", "quotes" },
	{ "nonsense", "no such option; there are asids small" },
	{ "asid=1", "no such option" },
	{ "asidss=1", "no such option" },
	{ "ASIDS=1", "no such option" },
	{ "=1", "no such option" },
	{ "=", "no such option" },
	{ "\"trace\"", "no such option" },
};

static void test_bad_words(void **state)
{
	static const char zeros[sizeof(options)];
	char line[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(parse(bad[i].word), 1);
		if (strstr(complaint, bad[i].word) == NULL ||
		    strstr(complaint, bad[i].allowed) == NULL)
			fail_msg("for %s: %s", bad[i].word, complaint);
		assert_memory_equal(&options, zeros, sizeof(options));
		snprintf(line, sizeof(line), "asids=9 %s", bad[i].word);
		assert_int_equal(parse(line), 1);
		assert_int_equal(options.asids, 9);
		options.asids = 0;
	}
}

static void test_words_behind_bad_ones_count(void **state)
{
	(void)state;
	assert_int_equal(parse("nonsense suites=\"a\"b asids=0 trace asids=5"), 3);
	assert_true(options.trace);
	assert_int_equal(options.asids, 5);
}

static void test_long_words(void **state)
{
	char line[1000];

	(void)state;
	memset(line, 'a', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	assert_int_equal(parse(line), 1);
	assert_non_null(strstr(complaint, "aaa'...: no such option"));
	assert_int_equal(cmdline_parse(line, table, ARRAY_SIZE(table), NULL), 1);
	assert_int_equal(cmdline_parse("a b", NULL, 0, NULL), 2);
}

/* More names than a complaint has room for. */
static void test_long_lists(void **state)
{
	static const char long_name[] = "a-name-of-forty-characters-or-so-it-seems";
	const char *names[11];
	u32 choice = 99;
	struct cmdline_option many[10];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(many); i++) {
		names[i] = long_name;
		many[i] = (struct cmdline_option){ .name = i == 0 ? "choice" : long_name,
						   .kind = CMDLINE_CHOICE,
						   .target = &choice,
						   .target_size = sizeof(choice),
						   .choices = names };
	}
	names[ARRAY_SIZE(many)] = NULL;
	complaints = 0;
	assert_int_equal(cmdline_parse("choice=x", many, ARRAY_SIZE(many), complain), 1);
	assert_non_null(strstr(complaint, "'choice=x': must be one of a-name"));
	assert_int_equal(cmdline_parse("other", many, ARRAY_SIZE(many), complain), 1);
	assert_non_null(strstr(complaint, "'other': no such option; there are choice a-name"));
	assert_int_equal(complaints, 2);
	assert_int_equal(choice, 99);
}

static void assert_found(const char *line, const char *name, const char *value)
{
	size_t len = 12345;
	const char *found = cmdline_find(line, name, &len);

	assert_non_null(found);
	assert_int_equal(len, strlen(value));
	assert_memory_equal(found, value, len);
}

static void test_find(void **state)
{
	size_t len;

	(void)state;
	assert_found("a b=1 c", "a", "");
	assert_found("a b=1 c", "b", "1");
	assert_found("a b=1 c", "c", "");
	assert_found("b=1 b=2", "b", "2");
	assert_found("x=\"b=3\" b=\"4 5\"", "b", "4 5");
	assert_found("b=1 b=\"4 5", "b", "1");
	assert_null(cmdline_find("a bb=1 x=\"b=3\"", "b", &len));
	assert_null(cmdline_find("", "b", &len));
}

/* Random words of few characters; the sanitizers watch. */
static void test_random(void **state)
{
	static const char alphabet[] = "asids=\" trce0x9KG\n";
	struct rand r = { 1 };
	char line[40];
	size_t len;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		size_t n = rand_below(&r, sizeof(line));

		for (size_t j = 0; j < n; j++)
			line[j] = alphabet[rand_below(&r, strlen(alphabet))];
		line[n] = '\0';
		parse(line);
		cmdline_find(line, "a", &len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_good, reset),
		cmocka_unit_test_setup(test_empty, reset),
		cmocka_unit_test_setup(test_quotes, reset),
		cmocka_unit_test_setup(test_later_words_win, reset),
		cmocka_unit_test_setup(test_limits, reset),
		cmocka_unit_test_setup(test_bad_words, reset),
		cmocka_unit_test_setup(test_words_behind_bad_ones_count, reset),
		cmocka_unit_test_setup(test_long_words, reset),
		cmocka_unit_test_setup(test_long_lists, reset),
		cmocka_unit_test_setup(test_find, reset),
		cmocka_unit_test_setup(test_random, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
