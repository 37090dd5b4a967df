/* SPDX-License-Identifier: MIT */
/*
 * lib/crc32.h - the CRC-32 of Ethernet, zip and GPT (polynomial 0x04c11db7, reflected).  It finds
 * damage, not forgery.  Pure; any context.
 */
#pragma once

#include "lib/types.h"

/* Of @size bytes at @data, behind those whose CRC-32 is @crc; of the first bytes: 0. */
u32 crc32(u32 crc, const void *data, size_t size);
