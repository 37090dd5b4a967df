/* SPDX-License-Identifier: MIT */
/*
 * lib/cpumask.h - a set of CPU numbers.
 *
 * The plain operations belong to the owner of the mask.  A mask that several CPUs
 * change is changed by the _atomic operations alone; reading it meanwhile is fine
 * and sees each bit as it was at some moment of the read, not all at one moment.
 */
#pragma once

#include "lib/types.h"

#define CPUMASK_BITS  256
#define CPUMASK_WORDS (CPUMASK_BITS / 64)

struct cpumask {
	u64 bits[CPUMASK_WORDS];
};

/* @cpu is below CPUMASK_BITS everywhere except where a comment says otherwise. */
static inline u64 cpumask_bit(unsigned int cpu)
{
	return 1ull << (cpu % 64);
}

static inline void cpumask_clear_all(struct cpumask *mask)
{
	*mask = (struct cpumask){ { 0 } };
}

static inline void cpumask_set(struct cpumask *mask, unsigned int cpu)
{
	mask->bits[cpu / 64] |= cpumask_bit(cpu);
}

static inline void cpumask_clear(struct cpumask *mask, unsigned int cpu)
{
	mask->bits[cpu / 64] &= ~cpumask_bit(cpu);
}

static inline bool cpumask_test(const struct cpumask *mask, unsigned int cpu)
{
	return (READ_ONCE(mask->bits[cpu / 64]) & cpumask_bit(cpu)) != 0;
}

/* Full barriers; each returns whether the bit was set before. */
static inline bool cpumask_set_atomic(struct cpumask *mask, unsigned int cpu)
{
	u64 old = __atomic_fetch_or(&mask->bits[cpu / 64], cpumask_bit(cpu), __ATOMIC_SEQ_CST);

	return (old & cpumask_bit(cpu)) != 0;
}

static inline bool cpumask_clear_atomic(struct cpumask *mask, unsigned int cpu)
{
	u64 old = __atomic_fetch_and(&mask->bits[cpu / 64], ~cpumask_bit(cpu), __ATOMIC_SEQ_CST);

	return (old & cpumask_bit(cpu)) != 0;
}

/* The first member that is @from or above; CPUMASK_BITS if none.  @from may be CPUMASK_BITS. */
static inline unsigned int cpumask_first_from(const struct cpumask *mask, unsigned int from)
{
	for (unsigned int word = from / 64; word < CPUMASK_WORDS; word++) {
		u64 bits = READ_ONCE(mask->bits[word]);

		if (word == from / 64)
			bits &= ~0ull << (from % 64);
		if (bits != 0)
			return word * 64 + (unsigned int)__builtin_ctzll(bits);
	}
	return CPUMASK_BITS;
}

static inline unsigned int cpumask_first(const struct cpumask *mask)
{
	return cpumask_first_from(mask, 0);
}

/* The first member above @cpu; CPUMASK_BITS if none. */
static inline unsigned int cpumask_next(const struct cpumask *mask, unsigned int cpu)
{
	return cpumask_first_from(mask, cpu + 1);
}

static inline bool cpumask_empty(const struct cpumask *mask)
{
	return cpumask_first(mask) == CPUMASK_BITS;
}

/* for_each_cpu(unsigned int variable, const struct cpumask *): in ascending order. */
#define for_each_cpu(cpu, mask)                                                                    \
	for ((cpu) = cpumask_first(mask); (cpu) < CPUMASK_BITS; (cpu) = cpumask_next(mask, cpu))

/* The number of members. */
static inline unsigned int cpumask_weight(const struct cpumask *mask)
{
	unsigned int cpu, n = 0;

	for_each_cpu (cpu, mask)
		n++;
	return n;
}

static inline bool cpumask_equal(const struct cpumask *a, const struct cpumask *b)
{
	u64 difference = 0;

	for (unsigned int i = 0; i < CPUMASK_WORDS; i++)
		difference |= READ_ONCE(a->bits[i]) ^ READ_ONCE(b->bits[i]);
	return difference == 0;
}

static inline void cpumask_copy(struct cpumask *to, const struct cpumask *from)
{
	for (unsigned int i = 0; i < CPUMASK_WORDS; i++)
		to->bits[i] = READ_ONCE(from->bits[i]);
}

/* @to = @a and @b; any of the three may be the same mask.  Likewise the other two. */
static inline void cpumask_and(struct cpumask *to, const struct cpumask *a, const struct cpumask *b)
{
	for (unsigned int i = 0; i < CPUMASK_WORDS; i++)
		to->bits[i] = READ_ONCE(a->bits[i]) & READ_ONCE(b->bits[i]);
}

static inline void cpumask_or(struct cpumask *to, const struct cpumask *a, const struct cpumask *b)
{
	for (unsigned int i = 0; i < CPUMASK_WORDS; i++)
		to->bits[i] = READ_ONCE(a->bits[i]) | READ_ONCE(b->bits[i]);
}

static inline void cpumask_andnot(struct cpumask *to, const struct cpumask *a,
				  const struct cpumask *b)
{
	for (unsigned int i = 0; i < CPUMASK_WORDS; i++)
		to->bits[i] = READ_ONCE(a->bits[i]) & ~READ_ONCE(b->bits[i]);
}
