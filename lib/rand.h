/* SPDX-License-Identifier: MIT */
/*
 * lib/rand.h - numbers that look random and repeat from their seed: for tests,
 * benchmarks and hashing, never for secrets.  The state is the caller's; no lock.
 */
#pragma once

#include "lib/types.h"

struct rand {
	u64 state;
};

/* Any seed is good, 0 too. */
void rand_seed(struct rand *r, u64 seed);

u64 rand_next(struct rand *r);

/* A number in [0, @n); 0 if @n is 0. */
u64 rand_below(struct rand *r, u64 n);
