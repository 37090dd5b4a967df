/* SPDX-License-Identifier: MIT */
/*
 * tests/host/qr_test.c - codes are read back by a decoder of the test's own: where function
 * patterns stand, and how many blocks there are, it has from the tables of ISO/IEC 18004, by
 * version.  What a camera's software reads is asked in tests/tools/photo_test.py.
 */
#include "tests/host/cmocka_host.h"

#include "lib/err.h"
#include "lib/qr.h"

#define BYTES_MAX    2953u
#define ALIGNED_MAX  7u
#define FORMAT_FIELD 0x5412u
#define LEVEL_L	     1u

/* Annex E, and table 9 for level L: blocks of so many data bytes, and others of one more. */
static const struct version {
	u32 version, capacity;
	u32 aligned, at[ALIGNED_MAX];
	u32 blocks, bytes, longer_blocks, check;
} versions[] = {
	{ 1, 17, 0, { 0 }, 1, 19, 0, 7 },
	{ 2, 32, 2, { 6, 18 }, 1, 34, 0, 10 },
	{ 7, 154, 3, { 6, 22, 38 }, 2, 78, 0, 20 },
	{ 9, 230, 3, { 6, 26, 46 }, 2, 116, 0, 30 },
	{ 10, 271, 3, { 6, 28, 50 }, 2, 68, 2, 18 },
	{ 32, 1952, 6, { 6, 34, 60, 86, 112, 138 }, 17, 115, 0, 30 },
	{ 36, 2431, 7, { 6, 24, 50, 76, 102, 128, 154 }, 6, 121, 14, 30 },
	{ 40, 2953, 7, { 6, 30, 58, 86, 114, 142, 170 }, 19, 118, 6, 30 },
};

static struct qr qr;
static u8 payload[BYTES_MAX + 1];
static u8 read[QR_CODEWORDS_MAX], data[QR_CODEWORDS_MAX];

static int fill_payload(void **state)
{
	(void)state;
	for (u32 i = 0; i < sizeof(payload); i++)
		payload[i] = (u8)(i * 37 + i / 256);
	return 0;
}

static u32 dark(u32 x, u32 y)
{
	return qr_is_dark(&qr, x, y);
}

/* --- where no codeword stands ----------------------------------------------------------------- */

/* In the alignment pattern around one of the places?  Three would lie in finders. */
static bool in_alignment(const struct version *v, u32 x, u32 y)
{
	for (u32 i = 0; i < v->aligned; i++)
		for (u32 k = 0; k < v->aligned; k++) {
			bool first_i = i == 0, last_i = i == v->aligned - 1;
			bool first_k = k == 0, last_k = k == v->aligned - 1;

			if ((first_i && (first_k || last_k)) || (last_i && first_k))
				continue;
			if (abs((int)(x - v->at[i])) <= 2 && abs((int)(y - v->at[k])) <= 2)
				return true;
		}
	return false;
}

static bool in_function(const struct version *v, u32 x, u32 y)
{
	u32 size = 17 + 4 * v->version;

	if (x == 6 || y == 6 || in_alignment(v, x, y))
		return true;
	if ((x < 9 && y < 9) || (x < 9 && y >= size - 8) || (x >= size - 8 && y < 9))
		return true;
	return v->version >= 7 && ((x < 6 && y >= size - 11) || (x >= size - 11 && y < 6));
}

/* A finder with its light border, whose middle is at @x and @y. */
static void check_finder(u32 x, u32 y)
{
	static const char *const rows[] = { "#######", "#     #", "# ### #", "# ### #",
					    "# ### #", "#     #", "#######" };

	for (u32 row = 0; row < 7; row++)
		for (u32 column = 0; column < 7; column++)
			assert_int_equal(dark(x - 3 + column, y - 3 + row),
					 rows[row][column] == '#');
}

static void check_patterns(const struct version *v)
{
	u32 last = qr.size - 1;

	check_finder(3, 3);
	check_finder(last - 3, 3);
	check_finder(3, last - 3);
	for (u32 i = 0; i < 8; i++) {
		assert_int_equal(dark(7, i) + dark(i, 7) + dark(last - 7, i) + dark(last - i, 7),
				 0);
		assert_int_equal(dark(7, last - i) + dark(i, last - 7), 0);
	}
	for (u32 i = 8; i < qr.size - 8; i++) {
		assert_int_equal(dark(i, 6), i % 2 == 0);
		assert_int_equal(dark(6, i), i % 2 == 0);
	}
	assert_int_equal(dark(8, last - 7), 1);
	for (u32 i = 1; i < v->aligned; i++)
		for (u32 ring = 0; ring < 3; ring++)
			assert_int_equal(dark(v->at[i] + ring, v->at[v->aligned - 1]), ring != 1);
}

/* Fifteen bits of the format, from the module of the highest, read both ways. */
static u32 check_format(void)
{
	u32 one = 0, two = 0;

	for (u32 i = 0; i < 15; i++) {
		u32 x = i < 6 ? i : i == 6 ? 7 : 8;
		u32 y = i < 8 ? 8 : i == 8 ? 7 : 14 - i;

		one = one << 1 | dark(x, y);
		two = two << 1 | (i < 7 ? dark(8, qr.size - 1 - i) : dark(qr.size - 15 + i, 8));
	}
	assert_int_equal(one, two);
	one ^= FORMAT_FIELD;
	assert_int_equal(one >> 13, LEVEL_L);
	for (u32 bit = 15; bit-- > 10;)
		two = bit == 14 ? one ^ (one >> 14 & 1) * (0x537u << 4)
				: two ^ (two >> bit & 1) * (0x537u << (bit - 10));
	assert_int_equal(two, 0);
	return one >> 10 & 7;
}

static void check_version(void)
{
	u32 one = 0, two = 0;

	for (u32 i = 18; i-- > 0;) {
		one = one << 1 | dark(qr.size - 11 + i % 3, i / 3);
		two = two << 1 | dark(i / 3, qr.size - 11 + i % 3);
	}
	assert_int_equal(one, two);
	assert_int_equal(one >> 12, qr.version);
	for (u32 bit = 18; bit-- > 12;)
		one ^= (one >> bit & 1) * (0x1f25u << (bit - 12));
	assert_int_equal(one, 0);
}

/* --- bytes ------------------------------------------------------------------------------------ */

/* Table 10, with i the row and j the column. */
static u32 mask_bit(u32 mask, u32 i, u32 j)
{
	const u32 conditions[] = { (i + j) % 2,
				   i % 2,
				   j % 3,
				   (i + j) % 3,
				   (i / 2 + j / 3) % 2,
				   (i * j) % 2 + (i * j) % 3,
				   ((i * j) % 2 + (i * j) % 3) % 2,
				   ((i + j) % 2 + (i * j) % 3) % 2 };

	return conditions[mask] == 0;
}

static u32 read_codewords(const struct version *v, u32 mask)
{
	u32 bit = 0;
	bool up = true;

	memset(read, 0, sizeof(read));
	for (int right = (int)qr.size - 1; right > 0; right -= 2, up = !up) {
		if (right == 6)
			right--;
		for (u32 step = 0; step < qr.size; step++)
			for (u32 left = 0; left < 2; left++) {
				u32 x = (u32)right - left, y = up ? qr.size - 1 - step : step;

				if (in_function(v, x, y))
					continue;
				read[bit / 8] |=
					(u8)((dark(x, y) ^ mask_bit(mask, y, x)) << (7 - bit % 8));
				bit++;
			}
	}
	return bit / 8;
}

static u8 times(u8 a, u8 b)
{
	u8 product = 0;

	for (; b != 0; b >>= 1) {
		product ^= b & 1 ? a : 0;
		a = (u8)(a << 1 ^ (a & 0x80 ? 0x1d : 0));
	}
	return product;
}

/* A block without errors is 0 at each root of the generator. */
static void check_block(const u8 *block, u32 bytes, u32 check)
{
	u8 root = 1;

	for (u32 i = 0; i < check; i++, root = times(root, 2)) {
		u8 value = 0;

		for (u32 k = 0; k < bytes + check; k++)
			value = times(value, root) ^ block[k];
		assert_int_equal(value, 0);
	}
}

/* Blocks apart, checked, and their data behind each other. */
static void take_blocks(const struct version *v)
{
	u32 blocks = v->blocks + v->longer_blocks, at = 0, checks;
	u8 block[256];

	checks = blocks * v->bytes + v->longer_blocks;
	for (u32 b = 0; b < blocks; b++) {
		u32 bytes = v->bytes + (b >= v->blocks);

		for (u32 i = 0; i < v->bytes; i++)
			block[i] = read[i * blocks + b];
		if (bytes > v->bytes)
			block[v->bytes] = read[v->bytes * blocks + b - v->blocks];
		for (u32 i = 0; i < v->check; i++)
			block[bytes + i] = read[checks + i * blocks + b];
		check_block(block, bytes, v->check);
		memcpy(data + at, block, bytes);
		at += bytes;
	}
	assert_int_equal(at, checks);
}

static u32 bits_at(u32 bit, u32 n)
{
	u32 value = 0;

	for (; n > 0; n--, bit++)
		value = value << 1 | (data[bit / 8] >> (7 - bit % 8) & 1);
	return value;
}

static void check_code(const struct version *v, u32 n)
{
	u32 length_bits = v->version < 10 ? 8 : 16, end, all;

	assert_int_equal(qr_encode(&qr, payload, n, QR_VERSION_MAX), 0);
	assert_int_equal(qr.version, v->version);
	assert_int_equal(qr.size, 17 + 4 * v->version);
	check_patterns(v);
	if (v->version >= 7)
		check_version();
	all = (v->blocks + v->longer_blocks) * (v->bytes + v->check) + v->longer_blocks;
	assert_int_equal(read_codewords(v, check_format()), all);
	take_blocks(v);
	assert_int_equal(bits_at(0, 4), 4);
	assert_int_equal(bits_at(4, length_bits), n);
	for (u32 i = 0; i < n; i++)
		assert_int_equal(bits_at(4 + length_bits + i * 8, 8), payload[i]);
	end = n + length_bits / 8 + 1;
	assert_int_equal(bits_at(end * 8 - 4, 4), 0);
	for (u32 i = end; i < qr_capacity(v->version) + length_bits / 8 + 1; i++)
		assert_int_equal(data[i], (i - end) % 2 == 0 ? 0xec : 0x11);
}

static void test_read_back(void **state)
{
	(void)state;
	for (u32 i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		const struct version *v = &versions[i];

		check_code(v, v->capacity);
		check_code(v, (u32)qr_capacity(v->version - (v->version > 1)) +
				      (v->version > 1 ? 1 : 0));
	}
}

static void test_nothing(void **state)
{
	(void)state;
	check_code(&versions[0], 0);
}

/* One byte more takes one version more, and a limit is kept. */
static void test_capacity(void **state)
{
	(void)state;
	for (u32 version = 1; version <= QR_VERSION_MAX; version++) {
		u32 n = (u32)qr_capacity(version);

		assert_int_equal(qr_encode(&qr, payload, n, version), 0);
		assert_int_equal(qr.version, version);
		assert_int_equal(qr_encode(&qr, payload, n + 1, version), -ENOSPC);
	}
	assert_int_equal(qr_capacity(QR_VERSION_MAX), BYTES_MAX);
	assert_int_equal(qr_encode(&qr, payload, 0, 0), -ENOSPC);
}

/* All masks are used, by one text or the other: the choice is made by what is drawn. */
static void test_masks(void **state)
{
	u32 seen = 0;

	(void)state;
	for (u32 n = 1; n < 400; n++) {
		assert_int_equal(qr_encode(&qr, payload + n, 10, QR_VERSION_MAX), 0);
		seen |= 1u << qr.mask;
	}
	assert_int_equal(seen, (1u << QR_MASKS) - 1);
}

/* A mask is there so that large areas of one colour are not. */
static void test_even(void **state)
{
	static const u8 zeros[1000];
	u32 count = 0;

	(void)state;
	assert_int_equal(qr_encode(&qr, zeros, sizeof(zeros), QR_VERSION_MAX), 0);
	for (u32 y = 0; y < qr.size; y++)
		for (u32 x = 0; x < qr.size; x++)
			count += dark(x, y);
	assert_in_range(count * 100 / (qr.size * qr.size), 40, 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_back), cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_capacity),  cmocka_unit_test(test_masks),
		cmocka_unit_test(test_even),
	};

	return cmocka_run_group_tests(tests, fill_payload, NULL);
}
