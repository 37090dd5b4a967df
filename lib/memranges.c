/* SPDX-License-Identifier: MIT */
/*
 * lib/memranges.c - memranges_build() walks from boundary to boundary and asks at each
 * which piece is the strongest there, so that it needs no memory but its result.
 */
#include "lib/memranges.h"
#include "lib/err.h"
#include "lib/string.h"

#define LAST_PAGE PAGE_MASK /* the address of the last page */

static const u8 strengths[] = {
	[MEM_USABLE] = 1,  [MEM_LOADER] = 2, [MEM_KERNEL] = 3,	 [MEM_ARCHIVE] = 4,
	[MEM_RESULTS] = 5, [MEM_ACPI] = 6,   [MEM_RESERVED] = 7,
};

/* Rounded to pages; may come out empty (end <= start). */
static struct handoff_range rounded(u64 start, u64 end, u32 type)
{
	struct handoff_range r = { .start = start, .end = MIN(end, LAST_PAGE), .type = type };

	if (type == 0 || type >= ARRAY_SIZE(strengths))
		r.type = MEM_RESERVED;
	if (end <= start || start >= LAST_PAGE)
		return (struct handoff_range){ .type = r.type };
	if (r.type == MEM_USABLE) {
		r.start = ALIGN_UP(r.start, PAGE_SIZE);
		r.end = ALIGN_DOWN(r.end, PAGE_SIZE);
	} else {
		r.start = ALIGN_DOWN(r.start, PAGE_SIZE);
		r.end = ALIGN_UP(r.end, PAGE_SIZE);
	}
	return r;
}

/*
 * What holds at *@at and how far: returns the type there, 0 if no piece covers it, and
 * moves *@at to the next boundary above it, or to LAST_PAGE if there is none.
 */
static u32 step(const struct handoff_range *raw, size_t n, u64 *at)
{
	u64 next = LAST_PAGE;
	u32 type = 0;

	for (size_t i = 0; i < n; i++) {
		struct handoff_range r = rounded(raw[i].start, raw[i].end, raw[i].type);

		if (r.end <= r.start || r.end <= *at)
			continue;
		if (r.start > *at) {
			next = MIN(next, r.start);
			continue;
		}
		next = MIN(next, r.end);
		if (type == 0 || strengths[r.type] > strengths[type])
			type = r.type;
	}
	*at = next;
	return type;
}

int memranges_build(const struct handoff_range *raw, size_t n, struct handoff_range *out,
		    size_t max)
{
	size_t count = 0;
	u64 at = 0;

	while (at < LAST_PAGE) {
		u64 start = at;
		u32 type = step(raw, n, &at);

		if (type == 0)
			continue;
		if (count > 0 && out[count - 1].type == type && out[count - 1].end == start) {
			out[count - 1].end = at;
			continue;
		}
		if (count == max)
			return -ENOSPC;
		out[count++] = (struct handoff_range){ .start = start, .end = at, .type = type };
	}
	return (int)count;
}

/* Put @n ranges in the place of those with numbers [@first, @last). */
static int replace(struct handoff_range *ranges, size_t *count, size_t max, size_t first,
		   size_t last, const struct handoff_range *with, size_t n)
{
	size_t behind = *count - last;

	if (first + n + behind > max)
		return -ENOSPC;
	memmove(ranges + first + n, ranges + last, behind * sizeof(*ranges));
	memcpy(ranges + first, with, n * sizeof(*ranges));
	*count = first + n + behind;
	return 0;
}

int memranges_carve(struct handoff_range *ranges, size_t *count, size_t max, u64 start, u64 end,
		    enum mem_type type)
{
	struct handoff_range middle = rounded(start, end, type);
	struct handoff_range with[3];
	size_t first = 0, last, n = 0;

	if (middle.end <= middle.start)
		return 0;
	/* [first, last): all that it overlaps or touches. */
	while (first < *count && ranges[first].end < middle.start)
		first++;
	last = first;
	while (last < *count && ranges[last].start <= middle.end)
		last++;

	if (first < last && ranges[first].start < middle.start) {
		if (ranges[first].type == middle.type) {
			middle.start = ranges[first].start;
		} else {
			with[n] = ranges[first];
			with[n++].end = middle.start;
		}
	}
	with[n++] = middle;
	if (first < last && ranges[last - 1].end > middle.end) {
		if (ranges[last - 1].type == middle.type) {
			with[n - 1].end = ranges[last - 1].end;
		} else {
			with[n] = ranges[last - 1];
			with[n++].start = middle.end;
		}
	}
	return replace(ranges, count, max, first, last, with, n);
}
