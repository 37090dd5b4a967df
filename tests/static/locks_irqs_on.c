/* SPDX-License-Identifier: MIT */
/* check-locks: calling function 'halt_here' requires holding state 'irqs_off' */
#include "tests/static/locks.h"

u32 take(struct queue *q)
{
	u32 n;

	spin_lock(&q->lock);
	n = q->n;
	halt_here();
	spin_unlock(&q->lock);
	return n;
}
