/* SPDX-License-Identifier: MIT */
/*
 * lib/bytes.h - numbers out of bytes that others wrote: little-endian, at any
 * alignment.  The caller has checked that the bytes are there.
 */
#pragma once

#include "lib/string.h"
#include "lib/types.h"

static inline u8 get_u8(const void *base, size_t offset)
{
	return ((const u8 *)base)[offset];
}

static inline u16 get_u16(const void *base, size_t offset)
{
	u16 value;

	memcpy(&value, (const u8 *)base + offset, sizeof(value));
	return value;
}

static inline u32 get_u32(const void *base, size_t offset)
{
	u32 value;

	memcpy(&value, (const u8 *)base + offset, sizeof(value));
	return value;
}

static inline u64 get_u64(const void *base, size_t offset)
{
	u64 value;

	memcpy(&value, (const u8 *)base + offset, sizeof(value));
	return value;
}
