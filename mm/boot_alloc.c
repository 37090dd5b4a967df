/* SPDX-License-Identifier: MIT */
/*
 * mm/boot_alloc.c - pieces cut from the loader's usable ranges.
 *
 * Invariant: pieces[] is sorted, its members are page-aligned, not empty and do not
 * overlap; together they are the usable memory from BOOT_ALLOC_MIN up that has not
 * been handed out.
 */
#include "lib/assert.h"
#include "lib/string.h"
#include "arch/x86_64/layout.h"
#include "mm/boot_alloc.h"

/* An allocation out of the middle of a piece leaves two. */
#define MAX_SPLITS 64
#define MAX_PIECES (HANDOFF_MAX_RANGES + MAX_SPLITS)

struct piece {
	paddr_t start, end;
};

static struct piece pieces[MAX_PIECES];
static u32 piece_count;
static u64 taken;
static bool closed;

void boot_alloc_init(const struct handoff *handoff)
{
	piece_count = 0;
	taken = 0;
	closed = false;
	ASSERT(handoff->range_count <= HANDOFF_MAX_RANGES, "%u memory ranges handed over",
	       handoff->range_count);
	for (u32 i = 0; i < handoff->range_count; i++) {
		const struct handoff_range *r = &handoff->ranges[i];
		paddr_t start = MAX(ALIGN_UP(r->start, PAGE_SIZE), BOOT_ALLOC_MIN);
		paddr_t end = ALIGN_DOWN(r->end, PAGE_SIZE);

		if (r->type == MEM_USABLE && start < end)
			pieces[piece_count++] = (struct piece){ start, end };
	}
}

/* The highest place for the block in @piece and below BOOT_ALLOC_MAX; 0: none. */
static paddr_t place_in(const struct piece *piece, u64 bytes, u64 align)
{
	paddr_t end = MIN(piece->end, BOOT_ALLOC_MAX);
	paddr_t at;

	if (end < piece->start || end - piece->start < bytes)
		return 0;
	at = ALIGN_DOWN(end - bytes, align);
	return at >= piece->start ? at : 0;
}

static void remove_piece(u32 i)
{
	piece_count--;
	memmove(&pieces[i], &pieces[i + 1], (piece_count - i) * sizeof(pieces[0]));
}

static void insert_piece(u32 i, struct piece piece)
{
	memmove(&pieces[i + 1], &pieces[i], (piece_count - i) * sizeof(pieces[0]));
	pieces[i] = piece;
	piece_count++;
}

/* Cut [at, end) out of piece @i; false: that makes more pieces than there is room for. */
static bool cut(u32 i, paddr_t at, paddr_t end)
{
	struct piece behind = { end, pieces[i].end };

	if (at > pieces[i].start && behind.start < behind.end) {
		if (piece_count == MAX_PIECES)
			return false;
		pieces[i].end = at;
		insert_piece(i + 1, behind);
	} else if (at > pieces[i].start) {
		pieces[i].end = at;
	} else if (behind.start < behind.end) {
		pieces[i] = behind;
	} else {
		remove_piece(i);
	}
	return true;
}

paddr_t boot_alloc(u64 bytes, u64 align)
{
	ASSERT(!closed, "%lu bytes asked for after boot_alloc_close()", bytes);
	ASSERT((align & (align - 1)) == 0, "alignment %lu", align);
	if (bytes == 0 || bytes > BOOT_ALLOC_MAX)
		return 0;
	bytes = ALIGN_UP(bytes, PAGE_SIZE);
	align = MAX(align, PAGE_SIZE);
	for (u32 i = piece_count; i-- > 0;) {
		paddr_t at = place_in(&pieces[i], bytes, align);

		if (at == 0 || !cut(i, at, at + bytes))
			continue;
		taken += bytes;
		memset(phys_to_virt(at), 0, bytes);
		return at;
	}
	return 0;
}

u64 boot_alloc_taken(void)
{
	return taken;
}

void boot_alloc_close(void)
{
	closed = true;
}

bool boot_alloc_next_free(u32 *cursor, paddr_t *start, paddr_t *end)
{
	if (*cursor >= piece_count)
		return false;
	*start = pieces[*cursor].start;
	*end = pieces[*cursor].end;
	(*cursor)++;
	return true;
}
