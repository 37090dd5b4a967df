/* SPDX-License-Identifier: MIT */
/*
 * mm/page_zero.c - contents of frames, wherever the direct map ends: through the window.
 */
#include "lib/string.h"
#include "mm/kmap.h"
#include "mm/page_zero.h"

void page_zero(struct page *page)
{
	void *p = kmap_local_page(page);

	memset(p, 0, PAGE_SIZE);
	kunmap_local(p);
}

void page_copy(struct page *to, struct page *from)
{
	void *src = kmap_local_page(from);
	void *dst = kmap_local_page(to);

	memcpy(dst, src, PAGE_SIZE);
	kunmap_local(dst);
	kunmap_local(src);
}
