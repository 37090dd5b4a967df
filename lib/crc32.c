/* SPDX-License-Identifier: MIT */
/*
 * lib/crc32.c - see crc32.h.  Half a byte at a time, so that the table can be read.
 */
#include "lib/crc32.h"

#define NIBBLE	    4
#define NIBBLE_MASK 0xfu

/* What the low half of a byte adds: the polynomial, reflected, shifted in by its four bits. */
static const u32 table[16] = {
	0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
	0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
	0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

u32 crc32(u32 crc, const void *data, size_t size)
{
	const u8 *bytes = data;

	crc = ~crc;
	for (size_t i = 0; i < size; i++) {
		crc ^= bytes[i];
		crc = crc >> NIBBLE ^ table[crc & NIBBLE_MASK];
		crc = crc >> NIBBLE ^ table[crc & NIBBLE_MASK];
	}
	return ~crc;
}
