/* SPDX-License-Identifier: MIT */
/*
 * kernel/lend.h - a call lends its priority: who has it is at least as urgent as its caller.
 *
 *	call delivered		the receiver, blocked or current, gets the caller's effective
 *				priority if that is higher, and USER_WORK_LENT
 *	its next reply		it gives that back, itself, when it waits for the next
 *
 * A receiver has one call at a time, and none while it calls somebody itself: so there is one
 * lender, and a chain is lent along call by call.  What a caller has inherited it lends on.  A
 *caller that gives up, or ends, has lent until the reply all the same: only the receiver gives
 *back, so that nobody takes from it what the next caller has lent.
 *
 * A thread with USER_WORK_LENT does not reply on the direct way (ipc_direct.c), and a call that
 * would lend does not go there: those in which nothing is lent pay for one comparison.
 */
#pragma once

#include "kernel/task.h"

/*
 * Is @caller, which is current or waits, more urgent than @receiver?  No lock is needed: neither
 * holds a mutex, so nobody else changes the priority of one meanwhile.
 */
static ALWAYS_INLINE bool call_lends(const struct thread *caller, const struct thread *receiver)
{
	return READ_ONCE(caller->priority) > READ_ONCE(receiver->priority);
}

/* @receiver, which waits or is current, is about to get the call of @caller. */
void lend_priority(struct user_thread *receiver, const struct user_thread *caller);

/* @me, the current thread, has something lent, and replies. */
void give_back_priority(struct user_thread *me);

/* Has @me, the current thread, something lent? */
static ALWAYS_INLINE bool has_borrowed_priority(const struct user_thread *me)
{
	return READ_ONCE(stack_head_at(me->thread->stack_top)->user_work) & USER_WORK_LENT;
}
