/* SPDX-License-Identifier: MIT */
/* check-locks: lock 'q->lock' is still held at the end of function */
#include "tests/static/locks.h"

u32 take(struct queue *q)
{
	spin_lock(&q->lock);
	return q->n;
}
