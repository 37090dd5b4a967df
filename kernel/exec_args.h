/* SPDX-License-Identifier: MIT */
/*
 * kernel/exec_args.h - a program's arguments: strings, which lie on its stack when it begins, as
 * abi.h says.  They are in the stack's last page, whatever they are.
 */
#pragma once

#include "kernel/abi.h"
#include "kernel/exec.h"

/* Good when one of the two functions below has said so. */
struct exec_args {
	char text[ARGS_MAX]; /* the strings, one behind the other, each with its 0 */
	size_t size;	     /* bytes of .text */
	u32 count;	     /* strings */
};

/*
 * @args->text was filled with @size bytes, which may be anything.  0; -EINVAL: the last string has
 * no end; -E2BIG: more than ARGS_MAX bytes, or ARGS_COUNT_MAX strings.
 */
int exec_args_check(struct exec_args *args, size_t size) WARN_UNUSED_RESULT;

/* The words of @line, between blanks.  0 or -E2BIG. */
int exec_args_split(struct exec_args *args, const char *line) WARN_UNUSED_RESULT;

/*
 * Put them on the stack of the program that was loaded into @mm, where nothing has run yet: it
 * begins with them, by @image->stack.  0 or -ENOMEM.  Interrupts on, no lock held.
 */
int exec_args_put(struct mm *mm, struct exec_image *image,
		  const struct exec_args *args) WARN_UNUSED_RESULT;
