/* SPDX-License-Identifier: MIT */
/*
 * user/bin/spin.c - never ends: something to kill.
 */
#include "user/lib/program.h"

int main(void)
{
	for (;;)
		__asm__ volatile("pause");
}
