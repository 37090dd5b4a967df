/* SPDX-License-Identifier: MIT */
/*
 * boot/bios/memory.c - memory below 4 GiB from BIOS's map, as GRUB hands it over.
 *
 * What is taken is a short list: this program, the multiboot2 information, the modules,
 * and each allocation.  A new one goes to the lowest place that meets none of these.
 */
#include "boot/bios/multiboot.h"
#include "lib/string.h"

#define TAKEN_MAX  96
#define PIECES_MAX (HANDOFF_MAX_RANGES + TAKEN_MAX + HANDOFF_OWN_PIECES)
#define LOW_START  MIB /* what is below it is for starting CPUs, and BIOS's */

extern u8 loader_begin[], loader_end[];

static struct handoff_range taken[TAKEN_MAX];
static size_t taken_count;
static struct handoff_range pieces[PIECES_MAX];

static void take(u64 start, u64 end)
{
	struct handoff_range *last = taken_count ? &taken[taken_count - 1] : NULL;

	if (last && last->end == start) {
		last->end = end;
		return;
	}
	if (taken_count == TAKEN_MAX)
		fail("more than %u separate pieces of memory are in use: load fewer modules",
		     TAKEN_MAX);
	taken[taken_count++] = (struct handoff_range){ start, end, MEM_LOADER, 0 };
}

void memory_begin(void)
{
	const struct tag_module *m = NULL;

	take((uintptr_t)loader_begin, (uintptr_t)loader_end);
	take(multiboot_start(), multiboot_end());
	while ((m = find_tag(TAG_MODULE, m)) != NULL)
		take(m->start, m->end);
}

/* The end of something taken that [@start, @start + @size) meets; 0: it meets nothing. */
static u64 obstacle(u64 start, u64 size)
{
	for (size_t i = 0; i < taken_count; i++) {
		if (start < taken[i].end && taken[i].start < start + size)
			return taken[i].end;
	}
	return 0;
}

/* The lowest place for @size bytes in @piece; 0: there is none. */
static u64 place_in(const struct mb_piece *piece, u64 size)
{
	u64 start = ALIGN_UP(MAX(piece->start, LOW_START), PAGE_SIZE);
	u64 end = MIN(piece->start + piece->size, LOW_END), next;

	for (; start + size <= end; start = ALIGN_UP(next, PAGE_SIZE)) {
		next = obstacle(start, size);
		if (!next)
			return start;
	}
	return 0;
}

void *low_alloc(size_t pages, const char *what)
{
	const struct mb_piece *piece;
	u64 at, size = pages * PAGE_SIZE;

	for (size_t i = 0; (piece = map_piece(i)) != NULL; i++) {
		at = piece->type == MB_AVAILABLE ? place_in(piece, size) : 0;
		if (at) {
			take(at, at + size);
			return memset((void *)(uintptr_t)at, 0, size);
		}
	}
	fail("no %zu KiB of memory below 4 GiB for %s: use a machine with more memory",
	     (size_t)(size / KIB), what);
}

static enum mem_type type_of(const struct mb_piece *piece)
{
	switch (piece->type) {
	case MB_AVAILABLE:
		return MEM_USABLE;
	case MB_ACPI:
		return MEM_ACPI;
	default:
		return MEM_RESERVED;
	}
}

void make_ranges(void)
{
	static const char too_many[] =
		"the memory map has more than %u separate ranges: update the firmware";
	const struct mb_piece *piece;
	size_t n = 0;

	say("reading the memory map");
	for (; (piece = map_piece(n)) != NULL; n++) {
		if (n == HANDOFF_MAX_RANGES)
			fail(too_many, HANDOFF_MAX_RANGES);
		pieces[n] = (struct handoff_range){ piece->start, piece->start + piece->size,
						    type_of(piece), 0 };
	}
	memcpy(pieces + n, taken, taken_count * sizeof(taken[0]));
	if (handoff_set_ranges(pieces, n + taken_count) < 0)
		fail(too_many, HANDOFF_MAX_RANGES);
}
