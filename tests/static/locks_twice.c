/* SPDX-License-Identifier: MIT */
/* check-locks: acquiring lock 'q->lock' that is already held */
#include "tests/static/locks.h"

u32 take(struct queue *q)
{
	u32 n;

	spin_lock(&q->lock);
	spin_lock(&q->lock);
	n = q->n;
	spin_unlock(&q->lock);
	return n;
}
