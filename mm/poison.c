/* SPDX-License-Identifier: MIT */
/*
 * mm/poison.c - fill memory that nobody should use, and see whether somebody did.
 *
 * Invariant: page->poisoned is set exactly while the frame is free, the direct map
 * has it and all of it was filled.  Memory that has never been allocated is not
 * filled: a boot would have to write all of RAM.
 */
#include "lib/string.h"
#include "mm/page_alloc.h"
#include "mm/poison.h"

#define BYTES_OF_WORD 0x0101010101010101ul

void poison_fill(void *p, size_t bytes, u8 value)
{
	memset(p, value, bytes);
}

/* The words of [p, p + bytes), from the first, that hold @value only, in bytes. */
static size_t intact_words(const u8 *p, size_t bytes, u8 value)
{
	u64 expected = value * BYTES_OF_WORD;
	size_t done = 0;

	while (bytes - done >= sizeof(u64)) {
		u64 word;

		__builtin_memcpy(&word, p + done, sizeof(word));
		if (word != expected)
			break;
		done += sizeof(word);
	}
	return done;
}

const u8 *poison_find(const void *p, size_t bytes, u8 value)
{
	const u8 *at = p;

	for (size_t i = intact_words(at, bytes, value); i < bytes; i++)
		if (at[i] != value)
			return at + i;
	return NULL;
}

void poison_block(struct page *page, unsigned order)
{
	if (!page_is_mapped(page))
		return;
	for (u64 i = 0; i < BIT(order); i++) {
		poison_fill(page_address(page + i), PAGE_SIZE, POISON_PAGE);
		page[i].poisoned = true;
	}
}

void poison_check_block(struct page *page, unsigned order)
{
	for (u64 i = 0; i < BIT(order); i++) {
		const u8 *start, *bad;

		if (!page[i].poisoned)
			continue;
		page[i].poisoned = false;
		start = page_address(page + i);
		bad = poison_find(start, PAGE_SIZE, POISON_PAGE);
		if (bad)
			panic("free page %#lx was written to: offset %#lx is %#x, expected %#x",
			      page_to_pfn(page + i), (u64)(bad - start), *bad, POISON_PAGE);
	}
}
