/* SPDX-License-Identifier: MIT */
/*
 * kernel/exec_args.c - see exec_args.h.
 */
#include "kernel/exec_args.h"
#include "lib/err.h"
#include "lib/string.h"
#include "mm/kmap.h"
#include "mm/page_alloc.h"

#define LAST_PAGE   (EXEC_STACK_TOP - PAGE_SIZE) /* of the stack */
#define STACK_ALIGN 16u

/* The count, a pointer to each, and the null pointer. */
#define WORDS_SIZE(count) (((count) + 2) * sizeof(u64))

STATIC_ASSERT(ARGS_MAX + WORDS_SIZE(ARGS_COUNT_MAX) + STACK_ALIGN <= PAGE_SIZE,
	      "a page has room for all arguments");
STATIC_ASSERT(EXEC_NO_ARGS == WORDS_SIZE(0), "none are so many bytes");

int exec_args_check(struct exec_args *args, size_t size)
{
	if (size > ARGS_MAX)
		return -E2BIG;
	if (size != 0 && args->text[size - 1] != '\0')
		return -EINVAL;
	args->size = size;
	args->count = 0;
	for (size_t i = 0; i < size; i++)
		args->count += args->text[i] == '\0';
	return args->count <= ARGS_COUNT_MAX ? 0 : -E2BIG;
}

int exec_args_split(struct exec_args *args, const char *line)
{
	size_t n = 0;

	for (; *line != '\0'; line++) {
		bool blank = *line == ' ', begins = n == 0 || args->text[n - 1] == '\0';

		if (n + 1 >= ARGS_MAX)
			return -E2BIG;
		if (!blank || !begins)
			args->text[n++] = blank ? '\0' : *line;
	}
	if (n != 0 && args->text[n - 1] != '\0')
		args->text[n++] = '\0';
	return exec_args_check(args, n);
}

/* Into the page, at @page, whose end is the stack's; @stack is the stack pointer's place in it. */
static void lay_out(u8 *page, u64 stack, const struct exec_args *args)
{
	u64 *word = (void *)(page + stack);
	u64 at = PAGE_SIZE - args->size;

	memcpy(page + at, args->text, args->size);
	*word++ = args->count;
	for (u32 i = 0; i < args->count; i++) {
		*word++ = LAST_PAGE + at;
		at += strlen((const char *)page + at) + 1;
	}
	*word = 0;
}

int exec_args_put(struct mm *mm, struct exec_image *image, const struct exec_args *args)
{
	u64 stack = ALIGN_DOWN(PAGE_SIZE - args->size - WORDS_SIZE(args->count), STACK_ALIGN);
	struct page *page;
	void *to;
	int err;

	if (args->count == 0)
		return 0;
	err = mm_get_page(mm, LAST_PAGE, FAULT_WRITE, &page);
	if (err)
		return err;
	to = kmap_local_page(page);
	lay_out(to, stack, args);
	kunmap_local(to);
	put_page(page);
	image->stack = LAST_PAGE + stack;
	return 0;
}
