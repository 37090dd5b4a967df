/* SPDX-License-Identifier: MIT */
/* check-locks: calling function 'halt_here' requires holding state 'irqs_off' */
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
	n = q->n;
	halt_here();
	spin_unlock(&q->lock);
	return n;
}
