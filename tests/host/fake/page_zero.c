/* SPDX-License-Identifier: MIT */
/*
 * tests/host/fake/page_zero.c - mm/page_zero.h for the host: in the direct map, into which
 * machine_add_ram() has put the frames.
 */
#include <string.h>

#include "mm/page_zero.h"
#include "tests/host/fake/page_zero.h"

void (*page_zero_rival)(void);

void page_zero(struct page *page)
{
	void (*rival)(void) = page_zero_rival;

	memset(page_address(page), 0, PAGE_SIZE);
	page_zero_rival = NULL;
	if (rival)
		rival();
}

void page_copy(struct page *to, struct page *from)
{
	memcpy(page_address(to), page_address(from), PAGE_SIZE);
}
