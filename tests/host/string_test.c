/* SPDX-License-Identifier: MIT */
/* tests/host/string_test.c - the functions of lib/string.c, under other names, against libc's. */
#include "tests/host/cmocka_host.h"

#define memcpy	our_memcpy
#define memmove our_memmove
#define memset	our_memset
#define memcmp	our_memcmp
#define strlen	our_strlen
#define strnlen our_strnlen
#define strcmp	our_strcmp
#define strncmp our_strncmp
#define strchr	our_strchr
#include "lib/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr

#include "lib/rand.h"

#define SIZE   64
#define ROUNDS 50000

static struct rand rng;

static void fill(char *bytes)
{
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (char)rand_next(&rng);
}

static void test_copies(void **state)
{
	char a[SIZE], b[SIZE], from[SIZE];

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		size_t n = rand_below(&rng, SIZE + 1);
		size_t to = rand_below(&rng, SIZE - n + 1), at = rand_below(&rng, SIZE - n + 1);

		fill(a);
		fill(from);
		memcpy(b, a, SIZE);
		assert_ptr_equal(our_memcpy(a + to, from + at, n), a + to);
		memcpy(b + to, from + at, n);
		assert_memory_equal(a, b, SIZE);
		assert_ptr_equal(our_memmove(a + to, a + at, n), a + to);
		memmove(b + to, b + at, n);
		assert_memory_equal(a, b, SIZE);
		assert_ptr_equal(our_memset(a + at, round, n), a + at);
		memset(b + at, round, n);
		assert_memory_equal(a, b, SIZE);
	}
}

static int sign(int x)
{
	return (x > 0) - (x < 0);
}

/* Short texts of few characters, so that many have equal beginnings. */
static void random_text(char *text)
{
	static const char alphabet[] = "ab\377";
	size_t n = rand_below(&rng, 8);

	for (size_t i = 0; i < n; i++)
		text[i] = alphabet[rand_below(&rng, 3)];
	text[n] = '\0';
}

static void test_texts(void **state)
{
	char a[8], b[8];

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		size_t n = rand_below(&rng, 9);

		random_text(a);
		random_text(b);
		assert_int_equal(our_strlen(a), strlen(a));
		assert_int_equal(our_strnlen(a, n), strnlen(a, n));
		assert_int_equal(sign(our_strcmp(a, b)), sign(strcmp(a, b)));
		assert_int_equal(sign(our_strncmp(a, b, n)), sign(strncmp(a, b, n)));
		n = MIN(strlen(a), strlen(b));
		assert_int_equal(sign(our_memcmp(a, b, n)), sign(memcmp(a, b, n)));
		assert_ptr_equal(our_strchr(a, 'b'), strchr(a, 'b'));
		assert_ptr_equal(our_strchr(a, '\377'), strchr(a, '\377'));
		assert_ptr_equal(our_strchr(a, '\0'), strchr(a, '\0'));
	}
}

static void test_strlcpy(void **state)
{
	char to[4] = "xyz";

	(void)state;
	assert_int_equal(strlcpy(to, "ab", sizeof(to)), 2);
	assert_string_equal(to, "ab");
	assert_int_equal(strlcpy(to, "abcdef", sizeof(to)), 6);
	assert_string_equal(to, "abc");
	assert_int_equal(strlcpy(to, "q", 1), 1);
	assert_string_equal(to, "");
	assert_int_equal(strlcpy(to, "abc", 0), 3);
	assert_string_equal(to, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_strlcpy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
