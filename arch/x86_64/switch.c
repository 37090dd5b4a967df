/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/switch.c - what a stack looks like on which nothing has run yet.
 */
#include "arch/x86_64/switch.h"

u64 switch_new_stack(vaddr_t top, void (*begin)(void))
{
	u64 *sp = (u64 *)top;

	*--sp = 0; /* no caller: ends backtraces, and aligns @begin's frame */
	*--sp = (u64)begin;
	*--sp = 0; /* RBP */
	return (u64)sp;
}
