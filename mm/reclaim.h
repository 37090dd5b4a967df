/* SPDX-License-Identifier: MIT */
/*
 * mm/reclaim.h - when memory for the kernel runs out: what is kept in case comes back.
 */
#pragma once

#include "lib/types.h"

/* The page allocator asks from now on.  Once, when CPUs can be called. */
void reclaim_init(void);

/* @cpu starts: whatever it was asked for before, it was not told. */
void reclaim_forget(u32 cpu);
