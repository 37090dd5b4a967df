/* SPDX-License-Identifier: MIT */
/* kernel/lend.c - see lend.h. */
#include "kernel/lend.h"

static u64 *work_of(const struct user_thread *u)
{
	return &stack_head_at(u->thread->stack_top)->user_work;
}

void lend_priority(struct user_thread *receiver, const struct user_thread *caller)
{
	__atomic_fetch_or(work_of(receiver), USER_WORK_LENT, __ATOMIC_SEQ_CST);
	mutex_set_lent_priority(receiver->thread, READ_ONCE(caller->thread->priority));
}

void give_back_priority(struct user_thread *me)
{
	__atomic_fetch_and(work_of(me), ~(u64)USER_WORK_LENT, __ATOMIC_SEQ_CST);
	mutex_set_lent_priority(me->thread, PRIORITY_IDLE);
}
