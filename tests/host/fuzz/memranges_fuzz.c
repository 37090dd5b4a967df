/* SPDX-License-Identifier: MIT */
/*
 * tests/host/fuzz/memranges_fuzz.c - pieces and a carve from the input: the list is
 * always well made, and no page of a piece that is not usable comes out usable.
 */
#include "lib/err.h"
#include "lib/memranges.h"
#include "tests/host/fuzz/fuzz.h"

#define MAX_PIECES 64
#define MAX_OUT	   24 /* small, so that lists that do not fit are met */

/* A piece in the input: 17 bytes. */
#define PIECE_SIZE 17

static struct handoff_range raw[MAX_PIECES], out[MAX_OUT];

static void check_made(size_t count)
{
	ASSERT(count <= MAX_OUT, "too many");
	for (size_t i = 0; i < count; i++) {
		ASSERT(out[i].start < out[i].end, "empty");
		ASSERT(IS_ALIGNED(out[i].start | out[i].end, PAGE_SIZE), "not aligned");
		ASSERT(out[i].type >= MEM_USABLE && out[i].type <= MEM_RESULTS, "type");
		if (i == 0)
			continue;
		ASSERT(out[i - 1].end <= out[i].start, "not sorted");
		ASSERT(out[i - 1].end < out[i].start || out[i - 1].type != out[i].type,
		       "not merged");
	}
}

static void check_usable(size_t count, size_t pieces)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < pieces; j++) {
			if (out[i].type != MEM_USABLE || raw[j].type == MEM_USABLE ||
			    raw[j].end <= raw[j].start)
				continue;
			ASSERT(raw[j].end <= out[i].start || raw[j].start >= out[i].end,
			       "usable, and not");
		}
	}
}

static struct handoff_range decode(const u8 *data)
{
	struct handoff_range r = { .type = data[16] % 8u };

	memcpy(&r.start, data, sizeof(r.start));
	memcpy(&r.end, data + 8, sizeof(r.end));
	return r;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct handoff_range carve = { 0 };
	size_t n = 0, count;
	int err;

	if (size >= PIECE_SIZE)
		carve = decode(data);
	for (; size >= PIECE_SIZE && n < MAX_PIECES; size -= PIECE_SIZE, data += PIECE_SIZE)
		raw[n++] = decode(data);
	err = memranges_build(raw, n, out, MAX_OUT);
	if (err == -ENOSPC)
		return 0;
	count = (size_t)err;
	check_made(count);
	check_usable(count, n);
	err = memranges_carve(out, &count, MAX_OUT, carve.start / 2, carve.end, MEM_LOADER);
	ASSERT(err == 0 || err == -ENOSPC, "error %d", err);
	check_made(count);
	return 0;
}
