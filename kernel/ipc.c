/* SPDX-License-Identifier: MIT */
/*
 * kernel/ipc.c - see ipc.h.
 *
 * Who waits is the partner's to complete (user_wait.h), and finds him in .callee once he has the
 * call.
 *
 *	caller				receiver
 *	  IPC_WAITS			  IPC_WAITS
 *	  off the list: the receiver	  on the list
 *	  words to its frame, .caller	  (blocked)
 *	  result; switch to it		  runs
 *	  (blocked)			  .caller out, words to its frame
 *	  runs				  result; on the list; switch to it
 */
#include "arch/x86_64/irq.h"
#include "arch/x86_64/shared.h"
#include "kernel/abi.h"
#include "kernel/hand_over.h"
#include "kernel/handle_message.h"
#include "kernel/ipc.h"
#include "kernel/lend.h"
#include "kernel/long_message.h"
#include "kernel/notification.h"
#include "kernel/sched.h"
#include "kernel/user_wait.h"
#include "lib/err.h"

/* --- messages ------------------------------------------------------------------------------ */

static ALWAYS_INLINE void copy_words(struct syscall_frame *to, const struct syscall_frame *from)
{
	to->rsi = from->rsi;
	to->rdx = from->rdx;
	to->r10 = from->r10;
	to->r8 = from->r8;
	to->r9 = from->r9;
	to->r12 = from->r12;
	to->r13 = from->r13;
}

/* @receiver has @caller's words in its frame: the call is its own, and it is done with @result. */
static ALWAYS_INLINE void take_call(struct user_thread *receiver, struct user_thread *caller,
				    s64 result)
{
	WRITE_ONCE(caller->callee, receiver);
	WRITE_ONCE(receiver->caller, caller);
	set_done(receiver, result);
}

/*
 * @receiver, on no list any more, has the message of @caller, whose frame is @f, and @words of its
 * buffer.
 */
static ALWAYS_INLINE void deliver(struct user_thread *receiver, struct user_thread *caller,
				  const struct syscall_frame *f, u32 words) REQUIRES(irqs_off)
{
	if (unlikely(call_lends(caller->thread, receiver->thread)))
		lend_priority(receiver, caller);
	copy_words(user_frame(receiver), f);
	take_call(receiver, caller, words == 0 ? 0 : long_message_pass(receiver, caller, words));
}

/* deliver(), and what is sent with the message, if anything is. */
static NOINLINE void deliver_all(struct user_thread *receiver, struct user_thread *caller)
	REQUIRES(irqs_off)
{
	const struct fault_call *fault = caller->fault;
	s64 result = 0;

	if (call_lends(caller->thread, receiver->thread))
		lend_priority(receiver, caller);
	if (fault != NULL) {
		copy_words(user_frame(receiver), &(struct syscall_frame){ .rsi = fault->va,
									  .rdx = fault->access,
									  .r10 = fault->cookie,
									  .r8 = fault->rip });
		result = MESSAGE_FAULT;
	} else {
		copy_words(user_frame(receiver), user_frame(caller));
		if (caller->sent.object != NULL)
			result = handle_message_pass(receiver, caller);
		if (caller->long_words != 0)
			result = long_message_pass(receiver, caller, caller->long_words);
		if (caller->told_as != 0)
			result = caller->told_as;
	}
	take_call(receiver, caller, result);
}

/* --- waiting ------------------------------------------------------------------------------- */

static NOINLINE void wake_and_wait(struct user_thread *me, struct user_thread *partner, bool calls)
	REQUIRES(irqs_off)
{
	u64 ns = calls ? me->call_timeout : 0;

	if (partner != NULL)
		thread_wake(partner->thread);
	wait_done(me, ns != 0 ? deadline_after(ns) : NO_DEADLINE);
}

/*
 * What comes when @me, whose frame is @f, has queued up, or said something to @partner (NULL: to
 * nobody).  A caller with a time limit starts a timer before it blocks, so it does not go straight
 * to its partner.
 */
static ALWAYS_INLINE s64 switch_and_wait(struct user_thread *me, struct syscall_frame *f,
					 struct user_thread *partner, bool calls) REQUIRES(irqs_off)
{
	if (unlikely(partner == NULL || stack_head_of(f)->user_work != 0 ||
		     !hand_over(current, partner->thread)))
		wake_and_wait(me, partner, calls);
	else if (unlikely(!is_done(me)))
		wait_done(me, NO_DEADLINE);
	return end_wait(me);
}

/* --- system calls ------------------------------------------------------------------------ */

/*
 * Take a receiver for @me off the list; if nobody is there queue @me up: *@receiver is NULL then.
 * False: neither, the endpoint is dead.
 */
static ALWAYS_INLINE bool meet_receiver(struct endpoint *ep, struct user_thread *me, s64 how,
					struct user_thread **receiver) REQUIRES(irqs_off)
{
	bool dead;

	begin_wait(me, how);
	spin_lock_irqs_off(&ep->lock);
	*receiver = take_first(&ep->receivers);
	dead = *receiver == NULL && ep->special & ENDPOINT_DEAD;
	if (*receiver == NULL && !dead)
		queue_up(me, &ep->lock, &ep->callers);
	spin_unlock_irqs_off(&ep->lock);
	return !dead;
}

/*
 * A call of @me's at @handle begins, with @words of its buffer: 0 as meet_receiver(), or the error
 * that ends it.
 */
static ALWAYS_INLINE s64 begin_call(struct user_thread *me, u64 handle, s64 how, u32 words,
				    struct user_thread **receiver) REQUIRES(irqs_off)
{
	struct endpoint *ep = endpoint_find(me, handle, RIGHT_CALL);

	if (unlikely(ep == NULL))
		return -EBADF;
	me->long_words = words;
	if (likely(meet_receiver(ep, me, how, receiver)))
		return 0;
	thread_stay_awake();
	return -EPIPE;
}

/* The same for a caller.  False: neither, there is something to receive first, or nothing ever. */
static ALWAYS_INLINE bool meet_caller(struct endpoint *ep, struct user_thread *me, s64 how,
				      struct user_thread **caller) REQUIRES(irqs_off)
{
	bool special;

	begin_wait(me, how);
	spin_lock_irqs_off(&ep->lock);
	special = ep->special != 0;
	if (likely(!special)) {
		*caller = take_first(&ep->callers);
		if (*caller == NULL)
			queue_up(me, &ep->lock, &ep->receivers);
	}
	spin_unlock_irqs_off(&ep->lock);
	return !special;
}

static ALWAYS_INLINE s64 call_with(struct syscall_frame *f, u32 words) REQUIRES(irqs_off)
{
	struct user_thread *me = current->user, *receiver;
	s64 how = me->call_timeout == 0 ? IPC_WAITS_DIRECTLY : IPC_WAITS;
	s64 err = begin_call(me, f->rdi, how, words, &receiver);

	if (unlikely(err != 0))
		return err;
	if (likely(receiver != NULL))
		deliver(receiver, me, f, words);
	return switch_and_wait(me, f, receiver, true);
}

s64 sys_call(struct syscall_frame *f)
{
	return call_with(f, 0);
}

s64 sys_call_long(struct syscall_frame *f)
{
	if (unlikely(!long_message_may_send(current->user, f->r13)))
		return -EINVAL;
	return call_with(f, (u32)f->r13);
}

s64 ipc_call_fault(u64 handle, struct fault_call *call)
{
	struct user_thread *me = current->user, *receiver;
	s64 result;

	me->fault = call;
	result = begin_call(me, handle, IPC_WAITS, 0, &receiver);
	if (likely(result == 0)) {
		if (likely(receiver != NULL))
			deliver_all(receiver, me);
		result = switch_and_wait(me, user_frame(me), receiver, false);
	}
	me->fault = NULL;
	return result;
}

s64 ipc_call_woken(struct user_thread *me, u64 handle)
{
	struct user_thread *receiver;
	s64 err = begin_call(me, handle, IPC_WAITS, 0, &receiver);

	if (err != 0)
		return err;
	if (receiver != NULL)
		deliver_all(receiver, me);
	wake_and_wait(me, receiver, true);
	return end_wait(me);
}

/* @caller, whose call it is that is answered, gets the words of @f.  Is it in a system call? */
static ALWAYS_INLINE bool give_reply(struct user_thread *caller, const struct syscall_frame *f)
{
	struct fault_call *fault = caller->fault;

	if (fault != NULL)
		fault->reply = f->rsi;
	else
		copy_words(user_frame(caller), f);
	return fault == NULL;
}

/* Who faults has not asked for anything in its buffer. */
static NOINLINE s64 reply_long(struct user_thread *caller, struct user_thread *me, u32 words)
	REQUIRES(irqs_off)
{
	return caller->fault != NULL ? 0 : long_message_pass(caller, me, words);
}

/*
 * The one whose call @me has not answered yet, which has the words of @me's frame now, and @words
 * of its buffer; or NULL.
 */
static ALWAYS_INLINE struct user_thread *reply(struct user_thread *me,
					       const struct syscall_frame *f, u32 words)
	REQUIRES(irqs_off)
{
	struct user_thread *caller = shared_xchg(&me->caller, NULL);

	if (caller != NULL) {
		(void)give_reply(caller, f);
		set_done(caller, words == 0 ? 0 : reply_long(caller, me, words));
	}
	return caller;
}

struct user_thread *ipc_answer(struct user_thread *me, bool *has_words)
{
	struct user_thread *caller = shared_xchg(&me->caller, NULL);

	*has_words = caller != NULL && give_reply(caller, user_frame(me));
	return caller;
}

/*
 * @me has a call at once.  While @caller was on no list and not yet .caller it could not take
 * itself back: if it was told to end meanwhile, or its time was over, it looks again.  The barrier
 * pairs with the locked operation of who kills, and with that of a caller which is about to block:
 * either it sees .caller, or .user_work is seen here.
 */
static NOINLINE s64 receive_waiting(struct user_thread *me, struct user_thread *caller)
	REQUIRES(irqs_off)
{
	deliver_all(me, caller);
	smp_mb();
	if (unlikely(user_thread_has_work(caller)))
		thread_wake(caller->thread);
	return me->ipc_result;
}

/* What meet_caller() was stopped by.  -EAGAIN: somebody else has received it. */
static NOINLINE s64 receive_special(struct user_thread *me, struct endpoint *ep) REQUIRES(irqs_off)
{
	u64 bits = notification_take_for(ep);

	if (bits != 0) {
		user_frame(me)->rsi = bits;
		return MESSAGE_BITS;
	}
	return READ_ONCE(ep->special) & ENDPOINT_DEAD ? -EPIPE : -EAGAIN;
}

static s64 reply_wait(struct syscall_frame *f, s64 how, u32 words) REQUIRES(irqs_off)
{
	struct user_thread *me = current->user, *caller, *next;
	struct endpoint *ep;
	s64 result;
	bool met;

	ep = endpoint_find(me, f->rdi, RIGHT_RECEIVE);
	if (unlikely(ep == NULL))
		return -EBADF;
	if (unlikely(has_borrowed_priority(me)))
		give_back_priority(me);
	caller = reply(me, f, words);
	do {
		met = meet_caller(ep, me, how, &next);
		if (likely(met && next == NULL))
			return switch_and_wait(me, f, caller, false);
		result = met ? receive_waiting(me, next) : receive_special(me, ep);
	} while (result == -EAGAIN);
	thread_stay_awake();
	if (caller != NULL)
		thread_wake(caller->thread); /* before interrupts are on: then it may be gone */
	return result;
}

s64 sys_reply_wait(struct syscall_frame *f)
{
	return reply_wait(f, IPC_WAITS_DIRECTLY, 0);
}

s64 ipc_reply_wait_woken(struct syscall_frame *f)
{
	return reply_wait(f, IPC_WAITS, 0);
}

s64 sys_reply_wait_long(struct syscall_frame *f)
{
	if (unlikely(!long_message_may_send(current->user, f->r13)))
		return -EINVAL;
	return reply_wait(f, IPC_WAITS_DIRECTLY, (u32)f->r13);
}

/*
 * Who waited directly has its words in registers only: in its frame is what whoever completed it
 * wrote, and in what he did not write somebody's old stack.
 */
static void clear_words(struct syscall_frame *f, s64 result)
{
	u64 rsi = result == MESSAGE_BITS ? f->rsi : 0;

	if (result >= 0 && result != MESSAGE_BITS)
		return;
	copy_words(f, &(struct syscall_frame){ 0 });
	f->rsi = rsi;
}

s64 syscall_resumed(void)
{
	struct user_thread *me = current->user;
	s64 result;

	finish_switch();
	if (!is_done(me))
		wait_done(me, NO_DEADLINE);
	result = end_wait(me);
	clear_words(user_frame(me), result);
	return result;
}

/* --- ends ---------------------------------------------------------------------------------- */

void ipc_thread_ends(struct user_thread *u)
{
	u64 flags = irq_save();
	struct user_thread *caller = shared_xchg(&u->caller, NULL);

	if (caller != NULL) {
		set_done(caller, -EPIPE);
		thread_wake(caller->thread);
	}
	irq_restore(flags);
}
