/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/fake/arch/x86_64/shared.h - words that CPUs share, on simulated CPUs: each
 * access is a moment at which another CPU may run, and a store waits in this CPU's store
 * buffer until it drains or a locked operation makes it.
 */
#pragma once

#include "lib/types.h"
#include "tests/sim/machine.h"

#define shared_load(p) __atomic_load_n((__typeof__(p))sim_load_point(p), __ATOMIC_RELAXED)

#define shared_store(p, v)                                                                         \
	do {                                                                                       \
		__typeof__(*(p)) shared_value_ = (v);                                              \
		sim_store(p, &shared_value_, sizeof(shared_value_));                               \
	} while (0)

#define shared_xchg(p, v)                                                                          \
	({                                                                                         \
		__typeof__(*(p)) shared_value_ = (v);                                              \
		sim_xchg(p, &shared_value_, sizeof(shared_value_));                                \
		shared_value_;                                                                     \
	})

#define shared_add(p, n) __atomic_fetch_add((__typeof__(p))sim_locked_point(p), n, __ATOMIC_RELAXED)

static inline void smp_mb(void)
{
	sim_locked_point(NULL);
}
