/* SPDX-License-Identifier: MIT */
/*
 * boot/jump.c - the page from which the kernel is entered.
 */
#include "boot/loader.h"
#include "lib/string.h"

extern const u8 jump_begin[], jump_end[];

jump_fn *make_jump(void)
{
	void *page = low_alloc(1, "the way into the kernel");

	memcpy(page, jump_begin, (size_t)(jump_end - jump_begin));
	return (jump_fn *)(uintptr_t)page;
}
