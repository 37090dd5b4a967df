/* SPDX-License-Identifier: MIT */
/* check-locks: calling function 'take_locked' requires holding lock 'q->lock' */
#include "tests/static/locks.h"

u32 take(struct queue *q)
{
	return take_locked(q);
}
