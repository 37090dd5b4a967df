/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/locks.c - the kernel's spinlocks on simulated CPUs: who waits lets others run;
 * and who must not be moved.
 */
#include "arch/x86_64/irq.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/spinlock.h"
#include "lib/assert.h"
#include "tests/sim/vcpu.h"

void spin_init(struct spinlock *l, const char *name, enum lock_rank rank)
{
	*l = (struct spinlock)SPINLOCK_INIT(name, rank);
}

void spin_lock(struct spinlock *l)
{
	point();
	while (l->holder != 0)
		wait_for(&l->holder);
	sim_drain();
	l->holder = running + 1;
}

bool spin_trylock(struct spinlock *l)
{
	point();
	if (l->holder != 0)
		return false;
	sim_drain();
	l->holder = running + 1;
	return true;
}

void spin_unlock(struct spinlock *l)
{
	const u32 free = 0;

	ASSERT(spin_held(l), "lock %s is not held", l->name);
	sim_store(&l->holder, &free, sizeof(free));
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
}

bool spin_held(const struct spinlock *l)
{
	return l->holder == running + 1;
}

/* A simulated CPU runs one thread, which moves nowhere; the kernel's might. */
void percpu_check_stays(void)
{
	ASSERT(!irqs_enabled() || preempt_count != 0, "this_cpu_ptr() where a thread may be moved");
}
