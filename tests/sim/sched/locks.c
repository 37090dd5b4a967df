/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/sched/locks.c - spinlocks, which turn preemption off: what tests/sim/locks.c does
 * not need to.
 */
#include "arch/x86_64/irq.h"
#include "arch/x86_64/migrate.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/spinlock.h"
#include "lib/assert.h"
#include "tests/sim/vcpu.h"

void spin_init(struct spinlock *l, const char *name, enum lock_rank rank)
{
	*l = (struct spinlock)SPINLOCK_INIT(name, rank);
}

static void take(struct spinlock *l)
{
	sim_drain();
	l->holder = running + 1;
}

void spin_lock(struct spinlock *l)
{
	preempt_disable();
	point();
	while (l->holder != 0)
		wait_for(&l->holder);
	take(l);
}

bool spin_trylock(struct spinlock *l)
{
	preempt_disable();
	point();
	if (l->holder == 0) {
		take(l);
		return true;
	}
	preempt_enable();
	return false;
}

void spin_unlock(struct spinlock *l)
{
	const u32 free = 0;

	ASSERT(spin_held(l), "lock %s is not held", l->name);
	sim_store(&l->holder, &free, sizeof(free));
	preempt_enable();
}

u64 spin_lock_irqsave(struct spinlock *l)
{
	u64 flags = irq_save();

	spin_lock(l);
	return flags;
}

void spin_unlock_irqrestore(struct spinlock *l, u64 flags)
{
	spin_unlock(l);
	irq_restore(flags);
	preempt_if_needed();
}

bool spin_held(const struct spinlock *l)
{
	return l->holder == running + 1;
}

bool spin_only_held(const struct spinlock *l)
{
	return spin_held(l);
}

void percpu_check_stays(void)
{
	ASSERT(!irqs_enabled() || preempt_count != 0 || migrate_count != 0,
	       "this_cpu_ptr() where a thread may be moved");
}
