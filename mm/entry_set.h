/* SPDX-License-Identifier: MIT */
/*
 * mm/entry_set.h - a set of top-level entries of the user half: 256 bits.
 *
 * Bits may be read by CPUs other than the writer's, a word at a time.
 */
#pragma once

#include "arch/x86_64/pte.h"
#include "arch/x86_64/shared.h"
#include "lib/types.h"

#define USER_ENTRIES	PT_KERNEL_FIRST
#define ENTRY_SET_WORDS (USER_ENTRIES / 64)

struct entry_set {
	u64 bits[ENTRY_SET_WORDS];
};

static inline bool entry_set_has(const struct entry_set *s, u32 entry)
{
	return shared_load(&s->bits[entry / 64]) >> (entry % 64) & 1;
}

/* One writer at a time. */
static inline void entry_set_add(struct entry_set *s, u32 entry)
{
	shared_store(&s->bits[entry / 64], s->bits[entry / 64] | BIT(entry % 64));
}

/* Is one of the entries that [start, end), not empty, lies below in @s? */
static inline bool entry_set_meets(const struct entry_set *s, vaddr_t start, vaddr_t end)
{
	u32 last = pt_index(end - 1, PT_LEVEL_TOP);

	for (u32 e = pt_index(start, PT_LEVEL_TOP); e <= last; e++)
		if (entry_set_has(s, e))
			return true;
	return false;
}

/*
 * for_each_entry(u32 variable, const struct entry_set *): ascending, a word at a time: the
 * body may change bits.  Two loops: `break` leaves only a word's.
 */
#define for_each_entry(entry, set)                                                                 \
	for (u32 word_ = 0; word_ < ENTRY_SET_WORDS; word_++)                                      \
		for (u64 bits_ = shared_load(&(set)->bits[word_]);                                 \
		     bits_ != 0 && ((entry) = word_ * 64 + (u32)__builtin_ctzl(bits_), true);      \
		     bits_ &= bits_ - 1)
