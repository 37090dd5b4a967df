/* SPDX-License-Identifier: MIT */
/*
 * mm/percpu/policy.h - what the policies of pgd= share, for the files of this folder.
 */
#pragma once

#include "arch/x86_64/pcid.h"
#include "arch/x86_64/pti.h"
#include "lib/string.h"
#include "mm/counters.h"
#include "mm/pgd.h"

/* A page, isolated a pair, with @cpu's kernel half and nothing else.  NULL: out of memory. */
pte_t *pgd_alloc(u32 cpu);
void pgd_free(pte_t *pgd);

static inline pte_t *pgd_of(const struct slot *s)
{
	return phys_to_virt(s->cr3 & ~PCID_MASK);
}

static inline void pgd_set(struct slot *s, const pte_t *pgd)
{
	s->cr3 = virt_to_phys(pgd) | (s->cr3 & PCID_MASK);
	s->user_cr3 = pti_user_cr3_of(s->cr3);
}

/* Entries 64 * @w and up: empty those of @old, copy those of @new, with @extra; how many. */
static ALWAYS_INLINE u64 pgd_refill_word(pte_t *pgd, const pte_t *reference, u32 w, u64 old,
					 u64 new, pte_t extra)
{
	u64 copied = 0;

	pgd += 64 * w;
	reference += 64 * w;
	for (old &= ~new; old != 0; old &= old - 1)
		pgd[__builtin_ctzl(old)] = 0;
	for (; new != 0; new &= new - 1) {
		u32 entry = (u32)__builtin_ctzl(new);
		pte_t want = shared_load(&reference[entry]);

		pgd[entry] = want != 0 ? want | extra : 0; /* a bit comes before its entry */
		copied++;
	}
	return copied;
}

static inline void count_copies(struct slot *s, u64 n)
{
	s->counts->set_up_copies += n;
	count_events(ENTRIES_COPIED, n);
}

/*
 * @pgd has no other entries than @held: make it @mm's, with what fill= wants there from
 * the start, and say so in @held.  Not loaded, so no order between bit and entry; what
 * the mm gains later comes by fault.  @isolated: a constant, the value of pti_on.  How many
 * entries were copied; those that both of a pair get are one.
 */
static ALWAYS_INLINE u64 pgd_refill(pte_t *pgd, struct entry_set *held, const struct mm *mm,
				    bool isolated)
{
	static const struct entry_set nothing;
	const struct entry_set *from = fill_policy == FILL_SETUP ? &mm->present : &nothing;
	u64 copied = 0;

#pragma GCC unroll 4
	for (u32 w = 0; w < ENTRY_SET_WORDS; w++) {
		u64 old = held->bits[w], new = shared_load(&from->bits[w]);

		if ((old | new) == 0)
			continue;
		shared_store(&held->bits[w], new);
		copied += pgd_refill_word(pgd, mm->reference, w, old, new, isolated ? pte_nx() : 0);
		if (isolated)
			pgd_refill_word(pti_user_pgd(pgd), mm->reference, w, old, new, 0);
	}
	return copied;
}

/* Empty the user half of @pgd. */
static inline void pgd_empty(pte_t *pgd)
{
	memset(pgd, 0, USER_ENTRIES * sizeof(pte_t));
	if (pti_on)
		memset(pti_user_pgd(pgd), 0, USER_ENTRIES * sizeof(pte_t));
}

/*
 * Entry @entry, empty, of @pgd becomes @want, which may be empty still: the user PGD's first,
 * so that both are there when the kernel PGD's is.
 */
static inline void pgd_put(pte_t *pgd, u32 entry, pte_t want)
{
	if (pti_on)
		shared_store(&pti_user_pgd(pgd)[entry], want);
	shared_store(&pgd[entry], want != 0 ? want | pti_kernel_nx() : 0);
}

int pgd_asid_prepare(u32 cpu, struct slot *s, u32 pcid);
u32 pgd_asid_release(struct slot *s);
bool pgd_asid_has_spare(u32 cpu);
void pgd_asid_bind(struct slot *s, struct mm *mm);
void pgd_asid_bind_isolated(struct slot *s, struct mm *mm);

#define PGD_ASID_POLICY                                                                            \
	{                                                                                          \
		.prepare = pgd_asid_prepare, .release = pgd_asid_release,                          \
		.has_spare = pgd_asid_has_spare, .bind = pgd_asid_bind                             \
	}

#define PGD_ASID_ISOLATED_POLICY                                                                   \
	{                                                                                          \
		.prepare = pgd_asid_prepare, .release = pgd_asid_release,                          \
		.has_spare = pgd_asid_has_spare, .bind = pgd_asid_bind_isolated                    \
	}

int pgd_copy_prepare_cpu(u32 cpu);
void pgd_copy_release_cpu(void);
int pgd_copy_prepare(u32 cpu, struct slot *s, u32 pcid);
u32 pgd_copy_release(struct slot *s);
void pgd_copy_bind(struct slot *s, struct mm *mm);
void pgd_copy_activate(struct slot *s, bool keep);

#define PGD_COPY_POLICY                                                                            \
	{                                                                                          \
		.prepare_cpu = pgd_copy_prepare_cpu, .release_cpu = pgd_copy_release_cpu,          \
		.prepare = pgd_copy_prepare, .release = pgd_copy_release, .bind = pgd_copy_bind,   \
		.activate = pgd_copy_activate                                                      \
	}

int pgd_space_prepare_cpu(u32 cpu);
void pgd_space_release_cpu(void);
int pgd_space_prepare(u32 cpu, struct slot *s, u32 pcid);
u32 pgd_space_release(struct slot *s);
u32 pgd_space_give_back(void);
bool pgd_space_has_spare(u32 cpu);
void pgd_space_bind(struct slot *s, struct mm *mm) REQUIRES(irqs_off);

/* The mm's array of PGDs, and its end. */
int pgd_space_attach(struct mm *mm) WARN_UNUSED_RESULT;
void pgd_space_forget(struct mm *mm);

#define PGD_SPACE_POLICY                                                                           \
	{                                                                                          \
		.prepare_cpu = pgd_space_prepare_cpu, .release_cpu = pgd_space_release_cpu,        \
		.prepare = pgd_space_prepare, .release = pgd_space_release,                        \
		.give_back = pgd_space_give_back, .has_spare = pgd_space_has_spare,                \
		.bind = pgd_space_bind                                                             \
	}
