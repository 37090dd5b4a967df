/* SPDX-License-Identifier: MIT */
/*
 * mm/page_zero.h - fill or copy a frame, wherever the direct map ends.
 */
#pragma once

#include "mm/page.h"

/*
 * The caller holds @page, a block of one frame, of either zone.  Any context in which
 * kmap_local_page() may be used.
 */
void page_zero(struct page *page);

/* Copy a frame.  The same context. */
void page_copy(struct page *to, struct page *from);
