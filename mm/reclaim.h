/* SPDX-License-Identifier: MIT */
/*
 * mm/reclaim.h - when memory for the kernel runs out: what is kept in case comes back.
 */
#pragma once

/* The page allocator asks from now on.  Once, when CPUs can be called. */
void reclaim_init(void);
