/* SPDX-License-Identifier: MIT */
/* tests/host/crc32_test.c - known values, and that pieces give what the whole gives. */
#include "tests/host/cmocka_host.h"

#include "lib/crc32.h"

static void test_known(void **state)
{
	static const u8 zeros[32], ones[4] = { 0xff, 0xff, 0xff, 0xff };

	(void)state;
	assert_int_equal(crc32(0, "", 0), 0);
	assert_int_equal(crc32(0, "123456789", 9), 0xcbf43926);
	assert_int_equal(crc32(0, "a", 1), 0xe8b7be43);
	assert_int_equal(crc32(0, zeros, sizeof(zeros)), 0x190a55ad);
	assert_int_equal(crc32(0, ones, sizeof(ones)), 0xffffffff);
}

static void test_pieces(void **state)
{
	static const char text[] = "The quick brown fox jumps over the lazy dog";
	const size_t size = sizeof(text) - 1;

	(void)state;
	assert_int_equal(crc32(0, text, size), 0x414fa339);
	for (size_t cut = 0; cut <= size; cut++)
		assert_int_equal(crc32(crc32(0, text, cut), text + cut, size - cut), 0x414fa339);
}

static void test_each_bit_counts(void **state)
{
	u8 data[64] = { 1, 2, 3 };
	u32 whole = crc32(0, data, sizeof(data));

	(void)state;
	for (size_t bit = 0; bit < 8 * sizeof(data); bit++) {
		data[bit / 8] ^= (u8)(1u << bit % 8);
		assert_int_not_equal(crc32(0, data, sizeof(data)), whole);
		data[bit / 8] ^= (u8)(1u << bit % 8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_each_bit_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
