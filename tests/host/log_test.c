/* SPDX-License-Identifier: MIT */
/* tests/host/log_test.c - the sink, the cut of long text, and the ring. */
#include "tests/host/cmocka_host.h"
#include "lib/log.h"

static char seen[4 * LOG_RING_SIZE];
static size_t seen_len;

static void sink(const char *text, size_t len)
{
	assert_in_range(seen_len + len, 0, sizeof(seen) - 1);
	memcpy(seen + seen_len, text, len);
	seen_len += len;
	seen[seen_len] = '\0';
}

static void forget(void)
{
	seen_len = 0;
	seen[0] = '\0';
}

/* Must be the first: begins with the ring empty. */
static void test_before_a_sink(void **state)
{
	(void)state;
	log_replay(sink);
	assert_string_equal(seen, "");
	printk("cpu %u\n", 3u);
	printk("and more\n");
	assert_string_equal(seen, "");
	log_replay(sink);
	assert_string_equal(seen, "cpu 3\nand more\n");
	forget();
}

static void test_sink(void **state)
{
	(void)state;
	log_set_sink(sink);
	printk("x=%d\n", 7);
	assert_string_equal(seen, "x=7\n");
	forget();
	log_replay(sink);
	assert_string_equal(seen, "cpu 3\nand more\n");
	log_set_sink(NULL);
	forget();
}

static void test_cut(void **state)
{
	char text[LOG_TEXT_MAX + 2];

	(void)state;
	log_set_sink(sink);
	memset(text, 'a', sizeof(text));
	text[LOG_TEXT_MAX] = '\0';
	printk("%s", text);
	assert_string_equal(seen, text);
	forget();
	text[LOG_TEXT_MAX] = 'a';
	text[LOG_TEXT_MAX + 1] = '\0';
	printk("%s", text);
	assert_int_equal(seen_len, LOG_TEXT_MAX);
	assert_string_equal(seen + LOG_TEXT_MAX - 5, "a...\n");
	log_set_sink(NULL);
	forget();
}

static void test_ring_forgets_the_oldest(void **state)
{
	const unsigned int lines = 10000;
	unsigned int number;
	char last[32];

	(void)state;
	for (unsigned int i = 0; i < lines; i++)
		printk("line %u\n", i);
	log_replay(sink);
	assert_in_range(seen_len, LOG_RING_SIZE - 32, LOG_RING_SIZE);
	snprintf(last, sizeof(last), "\nline %u\n", lines - 1);
	assert_string_equal(seen + seen_len - strlen(last), last);
	assert_int_equal(sscanf(seen, "line %u\n", &number), 1);
	for (const char *s = seen; *s != '\0'; s = strchr(s, '\n') + 1) {
		snprintf(last, sizeof(last), "line %u\n", number++);
		assert_memory_equal(s, last, strlen(last));
	}
	assert_int_equal(number, lines);
	forget();
}

static void test_ring_without_newline(void **state)
{
	(void)state;
	for (u64 i = 0; i < LOG_RING_SIZE + 3; i++)
		log_append("x", 1);
	log_replay(sink);
	assert_int_equal(seen_len, LOG_RING_SIZE);
}

static void test_read_from_a_number(void **state)
{
	static char text[LOG_RING_SIZE + 1];
	u64 from = ~0ul, end;

	(void)state;
	assert_int_equal(log_read(&from, text, sizeof(text)), 0);
	end = from;
	printk("first\nsecond\n");
	assert_int_equal(log_read(&from, text, 4), 4);
	assert_int_equal(from, end);
	assert_memory_equal(text, "firs", 4);
	from = end + 6;
	assert_int_equal(log_read(&from, text, sizeof(text)), 7);
	assert_memory_equal(text, "second\n", 7);
	from += 7;
	assert_int_equal(log_read(&from, text, sizeof(text)), 0);
	for (unsigned int i = 0; i < LOG_RING_SIZE / 8; i++)
		printk("line %u\n", i);
	from = end; /* forgotten: the first whole line that is there */
	assert_in_range(log_read(&from, text, sizeof(text)), LOG_RING_SIZE - 32, LOG_RING_SIZE);
	assert_true(from > end);
	assert_memory_equal(text, "line ", 5);
	forget();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_before_a_sink),
		cmocka_unit_test(test_sink),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_ring_forgets_the_oldest),
		cmocka_unit_test(test_read_from_a_number),
		cmocka_unit_test(test_ring_without_newline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
