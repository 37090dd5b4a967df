/* SPDX-License-Identifier: MIT */
/*
 * user/bin/hello.c - the first program: says that it runs, and shows that its data, its
 * zeros and its constants are what and where they should be.
 */
#include "user/lib/program.h"

#define GREETINGS 3

static int greetings_left = GREETINGS; /* .data */
static int greetings_said;	       /* .bss */

int main(void)
{
	while (greetings_left-- > 0)
		greetings_said++;
	print("hello: from user mode, stack at %p\n", __builtin_frame_address(0));
	return greetings_said == GREETINGS ? 0 : 1;
}
