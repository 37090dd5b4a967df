/* SPDX-License-Identifier: MIT */
/*
 * tests/host/acpi_bytes.h - ACPI tables for tests, put together byte by byte.  Each test
 * program includes it once and has one table at a time in bytes[0..bytes_len).
 */
#pragma once

#include "lib/acpi.h"

#define BYTES_MAX 16384

static u8 bytes[BYTES_MAX];
static size_t bytes_len;

static inline void begin_bytes(void)
{
	memset(bytes, 0, sizeof(bytes));
	bytes_len = 0;
}

static inline void put_bytes(const void *from, size_t n)
{
	assert_in_range(bytes_len + n, 0, BYTES_MAX);
	memcpy(bytes + bytes_len, from, n);
	bytes_len += n;
}

/* Append @value, little-endian, in @n bytes. */
static inline void put(u64 value, size_t n)
{
	put_bytes(&value, n);
}

static inline void put_zeros(size_t n)
{
	for (; n > 0; n--)
		put(0, 1);
}

static inline void set(size_t offset, u64 value, size_t n)
{
	memcpy(bytes + offset, &value, n);
}

/* Make the first @n bytes sum to zero by the byte at @offset. */
static inline void set_checksum(size_t offset, size_t n)
{
	u8 sum = 0;

	bytes[offset] = 0;
	for (size_t i = 0; i < n; i++)
		sum = (u8)(sum + bytes[i]);
	bytes[offset] = (u8)-sum;
}

static inline void begin_table(const char *signature)
{
	begin_bytes();
	put_bytes(signature, 4);
	put_zeros(ACPI_HEADER_SIZE - 4);
}

/* Length and checksum; also again after a change. */
static inline void end_table(void)
{
	set(4, bytes_len, 4);
	set_checksum(9, bytes_len);
}

/* The first @len bytes alone, at an odd address, so that the sanitizer sees any excess. */
static inline const void *exact_copy(size_t len)
{
	static u8 *copy;

	free(copy);
	copy = malloc(len + 1);
	memcpy(copy + 1, bytes, len);
	return copy + 1;
}
