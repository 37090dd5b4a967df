/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/sanitizer.h - memory that the address sanitizer, where it is built in, lets nobody
 * touch.
 */
#pragma once

#include "lib/types.h"

/* A function whose accesses are not checked. */
#define UNCHECKED __attribute__((no_sanitize("address")))

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>

static inline void poison(void *p, u64 bytes)
{
	__asan_poison_memory_region(p, bytes);
}

static inline void unpoison(void *p, u64 bytes)
{
	__asan_unpoison_memory_region(p, bytes);
}

#else

static inline void poison(void *p, u64 bytes)
{
	(void)p;
	(void)bytes;
}

static inline void unpoison(void *p, u64 bytes)
{
	(void)p;
	(void)bytes;
}

#endif
