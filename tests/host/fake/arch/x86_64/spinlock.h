/* SPDX-License-Identifier: MIT */
/*
 * tests/host/fake/arch/x86_64/spinlock.h - the kernel's spinlock, on a machine whose
 * CPUs take turns: nobody ever waits, and whoever would have to is a bug.  machine.c
 * checks holder, ranks, and that interrupts are off under every lock.
 */
#pragma once

#include "lib/types.h"

enum lock_rank {
	LOCK_RANK_NONE,
	LOCK_RANK_KSPACE,
	LOCK_RANK_SLAB,
	LOCK_RANK_ZONE,
	LOCK_RANK_CONSOLE,
};

struct spinlock {
	bool held;
	u16 rank;
	const char *name;
};

#define SPINLOCK_INIT(lock_name, lock_rank)                                                        \
	{                                                                                          \
		.rank = (lock_rank), .name = (lock_name)                                           \
	}

void spin_init(struct spinlock *l, const char *name, enum lock_rank rank);
void spin_lock(struct spinlock *l);
void spin_unlock(struct spinlock *l);
u64 spin_lock_irqsave(struct spinlock *l);
void spin_unlock_irqrestore(struct spinlock *l, u64 flags);
bool spin_held(const struct spinlock *l);
