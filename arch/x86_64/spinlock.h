/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/spinlock.h - ticket spinlocks that know their holder.
 *
 * First come, first served on a real machine; under a hypervisor, whoever runs takes it.
 *
 * A lock has a rank (lock_rank.h).  A CPU may only take a lock of a higher rank
 * than any it holds; debug builds panic otherwise, naming both locks.  A lock taken
 * in interrupt context must be taken with interrupts off everywhere: use the
 * _irqsave form.
 *
 * spin_lock() disables preemption until the unlock; nothing may sleep in between.
 */
#pragma once

#include "arch/x86_64/insn.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/lock_rank.h"
#include "lib/assert.h"
#include "lib/lock_check.h"
#include "lib/types.h"

struct CAPABILITY("lock") spinlock {
	u32 next;	  /* the next ticket to hand out (atomic); .serving: the lock is free */
	u32 serving;	  /* the ticket that holds the lock; written by the holder */
	u32 holder;	  /* CPU + 1, 0: free; written by the holder, for messages */
	u16 rank;	  /* enum lock_rank, constant */
	u16 held_below;	  /* debug: the rank this CPU held before, restored at unlock */
	const char *name; /* constant */
};

#define SPINLOCK_INIT(lock_name, lock_rank)                                                        \
	{                                                                                          \
		.rank = (lock_rank), .name = (lock_name)                                           \
	}

void spin_init(struct spinlock *l, const char *name, enum lock_rank rank);
void spin_lock(struct spinlock *l) ACQUIRES(*l);
bool spin_trylock(struct spinlock *l) TRY_ACQUIRES(*l);
void spin_unlock(struct spinlock *l) RELEASES(*l);

/* With interrupts off; returns what to give to spin_unlock_irqrestore(). */
u64 spin_lock_irqsave(struct spinlock *l) ACQUIRES(*l, irqs_off);
void spin_unlock_irqrestore(struct spinlock *l, u64 flags) RELEASES(*l, irqs_off);

/* The two parts of taking a lock, for below: one that nobody holds or waits for, and any. */
static ALWAYS_INLINE bool spin_take_free(struct spinlock *l)
{
	u32 serving = __atomic_load_n(&l->serving, __ATOMIC_ACQUIRE);

	return __atomic_compare_exchange_n(&l->next, &serving, serving + 1, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

void spin_wait_for(struct spinlock *l);

/*
 * The same for a lock that is held with interrupts off, where every instruction counts:
 * nobody is preempted then, so release builds leave preempt_count and the holder alone.
 * A lock that others hold with interrupts on is not waited for so: it is tried.
 * Inline; the acquire and the release are those of spin_lock() and spin_unlock().
 */
static ALWAYS_INLINE void spin_lock_irqs_off(struct spinlock *l) ACQUIRES(*l)
	REQUIRES(irqs_off) NO_LOCK_CHECK
{
	if (CONFIG_DEBUG)
		spin_lock(l);
	else if (unlikely(!spin_take_free(l)))
		spin_wait_for(l);
}

/* The same if nobody holds it or waits for it.  Calls nothing in release builds. */
static ALWAYS_INLINE bool spin_try_irqs_off(struct spinlock *l) TRY_ACQUIRES(*l)
	REQUIRES(irqs_off) NO_LOCK_CHECK
{
	return CONFIG_DEBUG ? spin_trylock(l) : spin_take_free(l);
}

static ALWAYS_INLINE void spin_unlock_irqs_off(struct spinlock *l) RELEASES(*l)
	REQUIRES(irqs_off) NO_LOCK_CHECK
{
	if (CONFIG_DEBUG)
		spin_unlock(l);
	else
		__asm__ volatile("incl %0" : "+m"(l->serving)::"memory"); /* any store releases */
}

/* Debug builds: @outer is released before @inner, which was taken next and is the last. */
void spin_check_outer(struct spinlock *outer, struct spinlock *inner);

/* The same as spin_unlock_irqs_off(@outer), when @inner, taken next and the last, stays held. */
static ALWAYS_INLINE void spin_unlock_outer(struct spinlock *outer, struct spinlock *inner)
	RELEASES(*outer) REQUIRES(irqs_off) NO_LOCK_CHECK
{
	if (CONFIG_DEBUG)
		spin_check_outer(outer, inner);
	spin_unlock_irqs_off(outer);
}

/*
 * May this CPU wait for others to answer an IPI?  Only if it holds no lock that one of
 * them could be spinning on with interrupts off: nothing above LOCK_RANK_MM (debug builds
 * know; others say yes).
 */
bool spin_may_wait_for_cpus(void);

/* Does this CPU hold @l? */
bool spin_held(const struct spinlock *l);

/* It does: debug builds look, and lock_check.h believes it. */
static inline void spin_assert_held(const struct spinlock *l) ASSERTS_HELD(*l)
{
	DEBUG_ASSERT(spin_held(l), "lock %s is not held", l->name);
}

/* Debug builds: and no other spinlock? */
bool spin_only_held(const struct spinlock *l);
