/* SPDX-License-Identifier: MIT */
/* check-locks: nothing */
#include "tests/static/locks.h"

u32 take(struct queue *q)
{
	u64 flags = spin_lock_irqsave(&q->lock);
	u32 n = q->n + take_locked(q);

	halt_here();
	spin_unlock_irqrestore(&q->lock, flags);
	return n;
}
