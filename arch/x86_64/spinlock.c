/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/spinlock.c - see spinlock.h.
 *
 * Order: the acquire load of .serving pairs with the release store in release():
 * what one holder wrote, the next one sees.
 *
 * These are the functions that lock_check.h believes: NO_LOCK_CHECK, since they hold nothing
 * before they have made it so.
 */
#include "arch/x86_64/cpuid.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/spinlock.h"
#include "lib/assert.h"

/* The highest rank this CPU holds (debug builds). */
static DEFINE_PER_CPU(u32, rank_held);

void spin_init(struct spinlock *l, const char *name, enum lock_rank rank)
{
	*l = (struct spinlock)SPINLOCK_INIT(name, rank);
}

bool spin_held(const struct spinlock *l)
{
	return READ_ONCE(l->holder) == cpu_id + 1;
}

bool spin_only_held(const struct spinlock *l)
{
	return spin_held(l) && rank_held == l->rank && l->held_below == LOCK_RANK_NONE;
}

bool spin_may_wait_for_cpus(void)
{
	return rank_held <= LOCK_RANK_MM;
}

static void check_order(const struct spinlock *l)
{
	ASSERT(!spin_held(l), "CPU %u: takes lock %s, which it holds", cpu_id, l->name);
	ASSERT(l->rank > rank_held, "CPU %u: takes lock %s (rank %u) while it holds rank %u",
	       cpu_id, l->name, l->rank, rank_held);
}

static void note_taken(struct spinlock *l)
{
	WRITE_ONCE(l->holder, cpu_id + 1);
	if (CONFIG_DEBUG) {
		l->held_below = (u16)rank_held;
		rank_held = l->rank;
	}
}

/*
 * A virtual CPU that waits in a queue may be off its host CPU when its turn comes, and all
 * behind it wait for a time slice of the host's: there, whoever runs may have the lock.
 */
void spin_wait_for(struct spinlock *l)
{
	u32 ticket;

	if (cpu_features.hypervisor) {
		while (!spin_take_free(l))
			cpu_pause();
		return;
	}
	ticket = __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED);
	while (__atomic_load_n(&l->serving, __ATOMIC_ACQUIRE) != ticket)
		cpu_pause();
}

NO_LOCK_CHECK void spin_lock(struct spinlock *l)
{
	preempt_disable();
	if (CONFIG_DEBUG)
		check_order(l);
	if (!spin_take_free(l))
		spin_wait_for(l);
	note_taken(l);
}

NO_LOCK_CHECK bool spin_trylock(struct spinlock *l)
{
	preempt_disable();
	if (!spin_take_free(l)) {
		preempt_enable();
		return false;
	}
	note_taken(l);
	return true;
}

/* What each remembers of the other: as if @inner had been taken alone, and @outer last. */
void spin_check_outer(struct spinlock *outer, struct spinlock *inner)
{
	ASSERT(spin_held(outer) && spin_held(inner) && rank_held == inner->rank &&
		       inner->held_below == outer->rank,
	       "CPU %u: lock %s is not the one below %s", cpu_id, outer->name, inner->name);
	inner->held_below = outer->held_below;
	outer->held_below = (u16)rank_held;
}

static ALWAYS_INLINE void release(struct spinlock *l)
{
	DEBUG_ASSERT(spin_held(l), "CPU %u: releases lock %s, held by CPU %d", cpu_id, l->name,
		     (int)l->holder - 1);
	if (CONFIG_DEBUG)
		rank_held = l->held_below;
	WRITE_ONCE(l->holder, 0);
	__atomic_store_n(&l->serving, l->serving + 1, __ATOMIC_RELEASE);
}

NO_LOCK_CHECK void spin_unlock(struct spinlock *l)
{
	release(l);
	preempt_enable();
}

NO_LOCK_CHECK u64 spin_lock_irqsave(struct spinlock *l)
{
	u64 flags = irq_save();

	spin_lock(l);
	return flags;
}

NO_LOCK_CHECK void spin_unlock_irqrestore(struct spinlock *l, u64 flags)
{
	release(l);
	irq_restore(flags);
	preempt_enable(); /* last: with interrupts off nobody is preempted */
}
