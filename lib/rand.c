/* SPDX-License-Identifier: MIT */
/* lib/rand.c - splitmix64: a counter with a large odd step, and a mixer of its bits. */
#include "lib/rand.h"

#define STEP  0x9e3779b97f4a7c15ull /* 2^64 divided by the golden ratio */
#define MIX_1 0xbf58476d1ce4e5b9ull
#define MIX_2 0x94d049bb133111ebull

void rand_seed(struct rand *r, u64 seed)
{
	r->state = seed;
}

u64 rand_next(struct rand *r)
{
	u64 x = r->state += STEP;

	x = (x ^ (x >> 30)) * MIX_1;
	x = (x ^ (x >> 27)) * MIX_2;
	return x ^ (x >> 31);
}

u64 rand_below(struct rand *r, u64 n)
{
	/* The high half of the product: uneven by less than n / 2^64. */
	return (u64)(((unsigned __int128)rand_next(r) * n) >> 64);
}
