/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/classic/twin_percpu.h - how the classic kernel reaches its variables:
 * GS-relative.  GS holds the distance from the linked address to this CPU's copy.
 *
 * gcc prints the segment of an asm operand itself; clang 14 does not, and then
 * does not know which object the asm touches either, so all memory is clobbered.
 */
#pragma once

#define PERCPU_QUAL	     __seg_gs
#define PERCPU_ENTRY_SECTION ".percpu.entry" /* pages that the user PGD maps too */

#ifdef __clang__
#define PERCPU_ASM(operand) "%%gs:" operand
#define PERCPU_LVALUE(var)  (*(PERCPU_TYPE(&(var)) *)(u64) & (var))
#define PERCPU_CLOBBER	    "memory"
#else
#define PERCPU_ASM(operand) operand
#define PERCPU_LVALUE(var)  (var)
#define PERCPU_CLOBBER
#endif
