/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/shared.h - words that CPUs share without a lock.
 *
 * Each access is one instruction, and each is visible in the source: whoever reads an
 * ordering argument finds the accesses that it is about.  x86 keeps all orders but one:
 * a store may be seen after a later load of another word (SDM vol. 3A, 8.2).  Where that
 * one matters there is smp_mb() or a locked operation, with a comment that names its pair.
 */
#pragma once

#include "lib/types.h"

#define shared_load(p)	   __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define shared_store(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)

/* Full barriers, all three. */
#define shared_xchg(p, v) __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)
#define shared_add(p, n)  __atomic_fetch_add(p, n, __ATOMIC_SEQ_CST)

static inline void smp_mb(void)
{
	__asm__ volatile("lock; addl $0, (%%rsp)" ::: "memory", "cc");
}
