/* SPDX-License-Identifier: MIT */
/*
 * kernel/panic.h - the end: what happened, where every CPU was, a verdict.
 * panic() itself is declared in lib/assert.h.
 */
#pragma once

#include "arch/x86_64/trapframe.h"
#include "lib/types.h"

/* Panic about an exception: also prints the registers, and the backtrace of @f. */
NORETURN void panic_exception(const struct trapframe *f, const char *fmt, ...) PRINTF_LIKE(2, 3);
