/* SPDX-License-Identifier: MIT */
/* check-locks: nothing */
#include "arch/x86_64/irq.h"
#include "arch/x86_64/spinlock.h"

struct queue {
	struct spinlock lock;
	u32 n GUARDED_BY(lock);
};

u32 take(struct queue *q);
u32 take_locked(struct queue *q) REQUIRES(q->lock);
void halt_here(void) REQUIRES(irqs_off);

u32 take(struct queue *q)
{
	u64 flags = spin_lock_irqsave(&q->lock);
	u32 n = q->n + take_locked(q);

	halt_here();
	spin_unlock_irqrestore(&q->lock, flags);
	return n;
}
