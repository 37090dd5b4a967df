/* SPDX-License-Identifier: MIT */
/*
 * tests/static/locks.h - what locks_*.c use rightly or wrongly.
 */
#pragma once

#include "arch/x86_64/irq.h"
#include "arch/x86_64/spinlock.h"

struct queue {
	struct spinlock lock;
	u32 n GUARDED_BY(lock);
};

u32 take(struct queue *q);
u32 take_locked(struct queue *q) REQUIRES(q->lock);
void halt_here(void) REQUIRES(irqs_off);
