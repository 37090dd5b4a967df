/* SPDX-License-Identifier: MIT */
/*
 * tests/arch_spinlock.c - one holder at a time, and it is known.  What debug builds
 * refuse (order, self-deadlock) ends in a panic: provoke.c.
 */
#include "arch/x86_64/irq.h"
#include "arch/x86_64/spinlock.h"
#include "tests/cpus.h"
#include "tests/harness.h"
#include "tests/storm.h"

#define ROUNDS 4000 /* of all CPUs together, at most */

static struct spinlock lock = SPINLOCK_INIT("test", LOCK_RANK_TEST_OUTER);
static u64 counter;
static struct storm_clock turns;

static void add_under_lock(void *arg)
{
	(void)arg;
	while (storm_step_due(&turns)) {
		u64 was;

		spin_lock(&lock);
		was = READ_ONCE(counter);
		barrier(); /* a second holder would be seen as a lost update */
		WRITE_ONCE(counter, was + 1);
		spin_unlock(&lock);
	}
}

TEST("arch.spinlock", excludes)
{
	counter = 0;
	storm_start_in_crowds(&turns, share_of(ROUNDS));
	on_each_cpu_in_crowds(add_under_lock, NULL);
	EXPECT_EQ(t, counter, storm_steps(t, &turns, &cpus_online));
	EXPECT_EQ(t, lock.holder, 0);
}

TEST("arch.spinlock", trylock_and_holder)
{
	EXPECT(t, !spin_held(&lock), "held by %u", lock.holder);
	EXPECT(t, spin_trylock(&lock), "held by %u", lock.holder);
	EXPECT(t, spin_held(&lock), "held by %u", lock.holder);
	EXPECT_EQ(t, lock.holder, cpu_id + 1);
	EXPECT(t, !spin_trylock(&lock), "taken twice");
	spin_unlock(&lock);
	EXPECT_EQ(t, lock.holder, 0);
	EXPECT_EQ(t, preempt_count, 0);
}

TEST("arch.spinlock", irqsave_restores)
{
	u64 flags;

	EXPECT(t, irqs_enabled(), "interrupts are off in a test");
	flags = spin_lock_irqsave(&lock);
	EXPECT(t, !irqs_enabled(), "interrupts on under the lock");
	spin_unlock_irqrestore(&lock, flags);
	EXPECT(t, irqs_enabled(), "interrupts stayed off");
	EXPECT_EQ(t, preempt_count, 0);
}
