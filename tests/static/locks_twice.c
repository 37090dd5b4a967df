/* SPDX-License-Identifier: MIT */
/* check-locks: acquiring lock 'q->lock' that is already held */
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
	u32 n;

	spin_lock(&q->lock);
	spin_lock(&q->lock);
	n = q->n;
	spin_unlock(&q->lock);
	return n;
}
