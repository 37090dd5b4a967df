/* SPDX-License-Identifier: MIT */
/*
 * tests/cpu_storm_pages.c - see cpu_storm.h: pages in mappings of the stormer, which stay what
 * they are wherever it is moved and whatever it does meanwhile.
 */
#include "mm/page_alloc.h"
#include "tests/cpu_storm.h"

#define PAGE_WORDS (PAGE_SIZE / sizeof(u64))
#define COPIED	   64u /* words without a break */

u64 storm_word(u32 number, u32 page, u64 i)
{
	return (u64)number << 32 | page << 16 | i;
}

struct page *storm_page(u32 number, u32 n)
{
	struct page *page = alloc_page(ZONE_USER);
	u64 *p;

	if (page == NULL)
		return NULL;
	p = kmap_local_page(page);
	for (u64 i = 0; i < PAGE_WORDS; i++)
		p[i] = storm_word(number, n, i);
	kunmap_local(p);
	return page;
}

static void check_page(struct stormer *w, const u64 *p, u32 n, u64 step)
{
	for (u64 i = 0; i < PAGE_WORDS; i += step) {
		u64 word = READ_ONCE(p[i]);

		EXPECT(storm.t, word == storm_word(w->number, n, i),
		       "stormer %u: word %lu of page %u, %u held, is %#lx", w->number, i, n,
		       w->held, word);
	}
}

void check_held(struct stormer *w)
{
	for (u32 n = 0; n < w->held; n++)
		check_page(w, w->p[n], n, PAGE_WORDS - 1);
}

void act_map(struct stormer *w, u32 level)
{
	u64 n = 1 + rand_below(&w->r, 4);

	n = MIN(n, HELD_MAX - w->held);
	for (u64 i = 0; i < n; i++, w->held++)
		w->p[w->held] = kmap_local_page(w->page[w->held]);
	act_inside(w, level);
	check_held(w);
	for (u64 i = 0; i < n; i++)
		kunmap_local(w->p[--w->held]);
}

/* From one mapping to another, and moved in the middle of it. */
void act_copy(struct stormer *w, u32 level)
{
	const u64 *from = kmap_local_page(w->source);
	u64 *to = kmap_local_page(w->copy);

	for (u64 i = 0; i < PAGE_WORDS; i++)
		WRITE_ONCE(to[i], 0);
	for (u64 i = 0; i < PAGE_WORDS; i++) {
		if (i % COPIED == 0)
			act_pass_time(w, level);
		WRITE_ONCE(to[i], READ_ONCE(from[i]));
	}
	check_page(w, to, HELD_MAX, 1);
	kunmap_local(to);
	kunmap_local(from);
}
