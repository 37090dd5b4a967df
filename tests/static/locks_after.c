/* SPDX-License-Identifier: MIT */
/* check-locks: reading variable 'n' requires holding lock */
#include "tests/static/locks.h"

u32 take(struct queue *q)
{
	spin_lock(&q->lock);
	spin_unlock(&q->lock);
	return q->n;
}
