/* SPDX-License-Identifier: MIT */
/*
 * lib/qr.c - see qr.h.  "Clause" names one of ISO/IEC 18004:2015.
 *
 *	fill		the bytes with their mode and length, padded		clause 7.4
 *	protect		error correction of each block, blocks interleaved	7.5, 7.6
 *	draw_function	what is the same in each code of a version		6.3
 *	draw_codewords	bits, in columns of two from the right			7.7.3
 *	choose_mask	the one of eight that looks the least like a pattern	7.8
 *	draw_format	level and mask, version					7.9, 7.10
 */
#include "lib/qr.h"
#include "lib/err.h"
#include "lib/string.h"

#define DARK	 1u
#define FUNCTION 2u /* no bit of a codeword, and no mask, comes here */

/* Level L, by version: error correction codewords of a block, and blocks (table 9). */
static const u8 check_bytes[QR_VERSION_MAX + 1] = {
	0,  7,	10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28,
	28, 28, 30, 30, 26, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
};
static const u8 block_count[QR_VERSION_MAX + 1] = {
	0, 1, 1, 1,  1,	 1,  2,	 2,  2,	 2,  4,	 4,  4,	 4,  4,	 6,  6,	 6,  6,	 7,  8,
	8, 9, 9, 10, 12, 12, 12, 13, 14, 15, 16, 17, 18, 19, 19, 20, 21, 22, 24, 25,
};
#define CHECK_BYTES_MAX 30u

#define BYTE_MODE	   4u
#define LEVEL_L		   1u  /* as the format information has it */
#define VERSION_LONG	   10u /* from here on the length is 16 bits */
#define VERSION_SHOWN	   7u  /* from here on the version is drawn */
#define FORMAT_POLYNOMIAL  0x537u
#define FORMAT_MASK	   0x5412u
#define VERSION_POLYNOMIAL 0x1f25u
#define FIELD_POLYNOMIAL   0x11du /* of GF(256) */

/* Points of clause 7.8.3.1. */
#define POINTS_RUN	 3u
#define POINTS_SQUARE	 3u
#define POINTS_FINDER	 40u
#define POINTS_UNEVEN	 10u
#define RUN_MIN		 5u
#define FINDER_LENGTH	 11u
#define FINDER_THEN_FOUR 0x5d0u /* 1011101 and four light ones, and these before it */
#define FOUR_THEN_FINDER 0x05du

u32 qr_size(u32 version)
{
	return 17 + 4 * version;
}

bool qr_is_dark(const struct qr *qr, u32 x, u32 y)
{
	return qr->modules[y][x] & DARK;
}

/* --- bytes ------------------------------------------------------------------------------------ */

/* Modules of @version that are no function patterns, in bytes; some are left over. */
static u32 codeword_count(u32 version)
{
	u32 modules = (16 * version + 128) * version + 64;
	u32 side = version / 7 + 2; /* alignment patterns on each side */

	if (version > 1)
		modules -= (25 * side - 10) * side - 55;
	if (version >= VERSION_SHOWN)
		modules -= 36;
	return modules / 8;
}

static u32 data_count(u32 version)
{
	return codeword_count(version) - check_bytes[version] * block_count[version];
}

size_t qr_capacity(u32 version)
{
	return data_count(version) - (version < VERSION_LONG ? 2 : 3);
}

/* Mode, length, bytes, and an end, each four bits off a byte's boundary; then the two pad bytes. */
static void fill(struct qr *qr, const u8 *bytes, size_t n)
{
	u32 at = 0, end = data_count(qr->version), carry = BYTE_MODE;
	u8 length[2] = { (u8)(n >> 8), (u8)n };
	bool is_long = qr->version >= VERSION_LONG;

	for (u32 i = is_long ? 0 : 1; i < 2; i++) {
		qr->data[at++] = (u8)(carry << 4 | length[i] >> 4);
		carry = length[i] & 0xf;
	}
	for (size_t i = 0; i < n; i++) {
		qr->data[at++] = (u8)(carry << 4 | bytes[i] >> 4);
		carry = bytes[i] & 0xf;
	}
	qr->data[at++] = (u8)(carry << 4);
	for (u8 pad = 0xec; at < end; pad ^= 0xec ^ 0x11)
		qr->data[at++] = pad;
}

/* --- error correction ------------------------------------------------------------------------- */

static u8 multiply(u8 a, u8 b)
{
	u32 product = 0;

	for (u32 bit = 8; bit-- > 0;) {
		product <<= 1;
		if (product & 0x100)
			product ^= FIELD_POLYNOMIAL;
		if (b >> bit & 1)
			product ^= a;
	}
	return (u8)product;
}

/* The product of (x - 2^i) for i below @n; the highest coefficient, 1, is left out. */
static void make_generator(u8 *generator, u32 n)
{
	u8 root = 1;

	memset(generator, 0, n);
	generator[n - 1] = 1;
	for (u32 i = 0; i < n; i++) {
		for (u32 k = 0; k < n; k++) {
			generator[k] = multiply(generator[k], root);
			if (k + 1 < n)
				generator[k] ^= generator[k + 1];
		}
		root = multiply(root, 2);
	}
}

static void divide(const u8 *data, u32 bytes, const u8 *generator, u8 *rest, u32 n)
{
	memset(rest, 0, n);
	for (u32 i = 0; i < bytes; i++) {
		u8 factor = data[i] ^ rest[0];

		memmove(rest, rest + 1, n - 1);
		rest[n - 1] = 0;
		for (u32 k = 0; k < n; k++)
			rest[k] ^= multiply(generator[k], factor);
	}
}

/* The first byte of each block, then the second of each...; the short blocks come first. */
static void protect(struct qr *qr)
{
	u32 blocks = block_count[qr->version], n = check_bytes[qr->version];
	u32 bytes = data_count(qr->version), shorter = bytes / blocks;
	u32 short_blocks = blocks - bytes % blocks, from = 0;
	u8 generator[CHECK_BYTES_MAX], rest[CHECK_BYTES_MAX];

	make_generator(generator, n);
	for (u32 block = 0; block < blocks; block++) {
		u32 length = shorter + (block >= short_blocks);

		for (u32 i = 0; i < shorter; i++)
			qr->codewords[i * blocks + block] = qr->data[from + i];
		if (length > shorter)
			qr->codewords[shorter * blocks + block - short_blocks] =
				qr->data[from + shorter];
		divide(qr->data + from, length, generator, rest, n);
		for (u32 i = 0; i < n; i++)
			qr->codewords[bytes + i * blocks + block] = rest[i];
		from += length;
	}
}

/* --- patterns --------------------------------------------------------------------------------- */

static void set(struct qr *qr, u32 x, u32 y, bool dark)
{
	qr->modules[y][x] = FUNCTION | (dark ? DARK : 0);
}

static u32 distance(u32 a, u32 b)
{
	return a > b ? a - b : b - a;
}

/* Rings around @x and @y as far as @reach, within the code: dark where @light is not. */
static void draw_rings(struct qr *qr, u32 x, u32 y, u32 reach, u32 light)
{
	for (u32 row = y < reach ? 0 : y - reach; row <= y + reach && row < qr->size; row++)
		for (u32 column = x < reach ? 0 : x - reach;
		     column <= x + reach && column < qr->size; column++) {
			u32 ring = MAX(distance(row, y), distance(column, x));

			set(qr, column, row, (light >> ring & 1) == 0);
		}
}

static void draw_finders(struct qr *qr)
{
	const u32 reach = 4, light = BIT(2) | BIT(4), near = 3, far = qr->size - 4;

	draw_rings(qr, near, near, reach, light);
	draw_rings(qr, far, near, reach, light);
	draw_rings(qr, near, far, reach, light);
}

/* The place of alignment pattern @i of @side (annex E): the first is at 6, the last 6 from the end.
 */
static u32 alignment_at(const struct qr *qr, u32 i, u32 side)
{
	u32 step = qr->version == 32 ? 26 : (qr->version * 4 + side * 2 + 1) / (side * 2 - 2) * 2;

	return i == 0 ? 6 : qr->size - 7 - (side - 1 - i) * step;
}

static void draw_alignment(struct qr *qr)
{
	u32 side = qr->version / 7 + 2, last = side - 1;

	if (qr->version == 1)
		return;
	for (u32 i = 0; i < side; i++)
		for (u32 k = 0; k < side; k++)
			if (!(i == 0 && k == 0) && !(i == 0 && k == last) && !(i == last && k == 0))
				draw_rings(qr, alignment_at(qr, i, side), alignment_at(qr, k, side),
					   2, BIT(1));
}

/* @value with the rest of its division by @polynomial, of @bits bits, behind it. */
static u32 with_check(u32 value, u32 polynomial, u32 bits)
{
	u32 rest = value;

	for (u32 i = 0; i < bits; i++)
		rest = (rest << 1) ^ ((rest >> (bits - 1)) * polynomial);
	return value << bits | rest;
}

/* Twice: around the first finder, and along the other two. */
static void draw_format(struct qr *qr)
{
	u32 bits = with_check(LEVEL_L << 3 | qr->mask, FORMAT_POLYNOMIAL, 10) ^ FORMAT_MASK;
	u32 size = qr->size;

	for (u32 i = 0; i < 15; i++) {
		bool dark = bits >> i & 1;
		u32 along = i < 6 ? i : i + 1; /* passes over the timing pattern */

		if (i < 8) {
			set(qr, 8, along, dark);
			set(qr, size - 1 - i, 8, dark);
		} else {
			set(qr, i == 8 ? 7 : 14 - i, 8, dark);
			set(qr, 8, size - 15 + i, dark);
		}
	}
	set(qr, 8, size - 8, true);
}

static void draw_version(struct qr *qr)
{
	u32 bits = with_check(qr->version, VERSION_POLYNOMIAL, 12);

	if (qr->version < VERSION_SHOWN)
		return;
	for (u32 i = 0; i < 18; i++) {
		u32 far = qr->size - 11 + i % 3, near = i / 3;

		set(qr, far, near, bits >> i & 1);
		set(qr, near, far, bits >> i & 1);
	}
}

/* The format is drawn for its places' sake: the mask is not known yet. */
static void draw_function(struct qr *qr)
{
	memset(qr->modules, 0, sizeof(qr->modules));
	for (u32 i = 0; i < qr->size; i++) {
		set(qr, 6, i, i % 2 == 0);
		set(qr, i, 6, i % 2 == 0);
	}
	draw_finders(qr);
	draw_alignment(qr);
	draw_format(qr);
	draw_version(qr);
}

/* Columns of two, from the right, upwards and downwards by turns; the timing column is none. */
static void draw_codewords(struct qr *qr)
{
	u32 bit = 0, bits = codeword_count(qr->version) * 8;
	bool upwards = true;

	for (u32 right = qr->size - 1; right < qr->size; right -= 2) {
		if (right == 6)
			right = 5;
		for (u32 i = 0; i < qr->size * 2; i++) {
			u32 x = right - i % 2, y = upwards ? qr->size - 1 - i / 2 : i / 2;

			if (qr->modules[y][x] & FUNCTION || bit == bits)
				continue;
			qr->modules[y][x] = qr->codewords[bit / 8] >> (7 - bit % 8) & 1;
			bit++;
		}
		upwards = !upwards;
	}
}

/* --- the mask --------------------------------------------------------------------------------- */

static bool is_masked(u32 mask, u32 x, u32 y)
{
	switch (mask) {
	case 0:
		return (x + y) % 2 == 0;
	case 1:
		return y % 2 == 0;
	case 2:
		return x % 3 == 0;
	case 3:
		return (x + y) % 3 == 0;
	case 4:
		return (x / 3 + y / 2) % 2 == 0;
	case 5:
		return x * y % 2 + x * y % 3 == 0;
	case 6:
		return (x * y % 2 + x * y % 3) % 2 == 0;
	default:
		return ((x + y) % 2 + x * y % 3) % 2 == 0;
	}
}

/* Put the mask on; a second time takes it off. */
static void apply_mask(struct qr *qr, u32 mask)
{
	for (u32 y = 0; y < qr->size; y++)
		for (u32 x = 0; x < qr->size; x++)
			if (!(qr->modules[y][x] & FUNCTION) && is_masked(mask, x, y))
				qr->modules[y][x] ^= DARK;
}

/* Points of row @at, or of the column: long runs of a colour, and what looks like a finder. */
static u32 line_points(const struct qr *qr, u32 at, bool column)
{
	u32 points = 0, run = 0, seen = 0;
	bool before = false;

	for (u32 i = 0; i < qr->size; i++) {
		bool dark = column ? qr_is_dark(qr, at, i) : qr_is_dark(qr, i, at);

		run = i > 0 && dark == before ? run + 1 : 1;
		before = dark;
		if (run == RUN_MIN)
			points += POINTS_RUN;
		else if (run > RUN_MIN)
			points++;
		seen = (seen << 1 | dark) & (BIT(FINDER_LENGTH) - 1);
		if (i + 1 >= FINDER_LENGTH &&
		    (seen == FINDER_THEN_FOUR || seen == FOUR_THEN_FINDER))
			points += POINTS_FINDER;
	}
	return points;
}

static u32 square_points(const struct qr *qr)
{
	u32 points = 0;

	for (u32 y = 0; y + 1 < qr->size; y++)
		for (u32 x = 0; x + 1 < qr->size; x++) {
			u32 dark = qr_is_dark(qr, x, y) + qr_is_dark(qr, x + 1, y) +
				   qr_is_dark(qr, x, y + 1) + qr_is_dark(qr, x + 1, y + 1);

			if (dark == 0 || dark == 4)
				points += POINTS_SQUARE;
		}
	return points;
}

/* For each whole 5 % that the dark modules are away from a half. */
static u32 uneven_points(const struct qr *qr)
{
	u32 dark = 0, all = qr->size * qr->size;

	for (u32 y = 0; y < qr->size; y++)
		for (u32 x = 0; x < qr->size; x++)
			dark += qr_is_dark(qr, x, y);
	return distance(dark * 20, all * 10) / all * POINTS_UNEVEN;
}

static u32 mask_points(const struct qr *qr)
{
	u32 points = square_points(qr) + uneven_points(qr);

	for (u32 i = 0; i < qr->size; i++)
		points += line_points(qr, i, false) + line_points(qr, i, true);
	return points;
}

static void draw_mask(struct qr *qr, u32 mask)
{
	qr->mask = mask;
	apply_mask(qr, mask);
	draw_format(qr);
}

static u32 choose_mask(struct qr *qr)
{
	u32 best = 0, least = ~0u;

	for (u32 mask = 0; mask < QR_MASKS; mask++) {
		u32 points;

		draw_mask(qr, mask);
		points = mask_points(qr);
		apply_mask(qr, mask);
		if (points < least) {
			least = points;
			best = mask;
		}
	}
	return best;
}

int qr_encode(struct qr *qr, const void *bytes, size_t n, u32 version_max)
{
	u32 version = 1;

	while (version <= version_max && qr_capacity(version) < n)
		version++;
	if (version > version_max)
		return -ENOSPC;
	qr->version = version;
	qr->size = qr_size(version);
	qr->mask = 0;
	fill(qr, bytes, n);
	protect(qr);
	draw_function(qr);
	draw_codewords(qr);
	draw_mask(qr, choose_mask(qr));
	return 0;
}
