/* SPDX-License-Identifier: MIT */
/*
 * kernel/ipc.c - see ipc.h.
 *
 * Who waits is the partner's to complete: exactly one takes it off an endpoint's list under
 * that endpoint's lock, or out of user_thread.caller by an exchange; he writes words and result,
 * then IPC_DONE, then wakes it, all with interrupts off.  A thread that is to end takes itself out
 *in the same two ways, and if somebody was faster, waits for his IPC_DONE.
 *
 * No references are held: endpoints and threads are found and used with interrupts off, and
 * freed only when everybody has had them on (kobj.h).
 *
 *	caller				receiver
 *	  IPC_WAITS			  IPC_WAITS
 *	  off the list: the receiver	  on the list
 *	  words to its frame, .caller	  (blocked)
 *	  IPC_DONE, switch to it	  runs
 *	  (blocked)			  .caller out, words to its frame
 *	  runs				  IPC_DONE; on the list; switch to it
 */
#include "arch/x86_64/irq.h"
#include "arch/x86_64/shared.h"
#include "kernel/abi.h"
#include "kernel/ipc.h"
#include "kernel/sched.h"
#include "kernel/task.h"
#include "lib/err.h"
#include "mm/slab.h"

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

/* @u, which waits, is done: it may go on at once. */
static ALWAYS_INLINE void set_done(struct user_thread *u, s64 result)
{
	u->ipc_result = result;
	shared_store(&u->ipc_state, IPC_DONE);
}

/*
 * From here on it blocks; before anybody can see it wait.  Who completes it writes IPC_DONE, who
 * kills it writes .user_work, before he reads the state; the locked operation that follows here
 * (an endpoint's lock) comes before the other two are read.
 */
static ALWAYS_INLINE void begin_wait(struct user_thread *u)
{
	WRITE_ONCE(u->ipc_state, IPC_WAITS);
	WRITE_ONCE(u->thread->state, THREAD_BLOCKED);
}

/* @receiver, on no list any more, has @caller's message. */
static ALWAYS_INLINE void deliver(struct user_thread *receiver, struct user_thread *caller)
{
	copy_words(user_frame(receiver), user_frame(caller));
	WRITE_ONCE(caller->callee, receiver);
	WRITE_ONCE(receiver->caller, caller);
	set_done(receiver, 0);
}

/*
 * A handle for what @from sends into @to's table, and its number, or 0, into @to's last word: @to
 * waits, so it and its task are there; @from's reference and handle stay its own.  The value is
 * the result that says so.  No lock is held.
 */
static NOINLINE s64 pass_handle(struct user_thread *to, struct user_thread *from) REQUIRES(irqs_off)
{
	s64 handle;

	kobj_get(from->sent);
	handle = handle_add(&to->task->handles, from->sent, from->sent_rights);
	if (handle < 0)
		kobj_unget(from->sent);
	user_frame(to)->r13 = handle < 0 ? 0 : (u64)handle;
	return MESSAGE_HANDLE;
}

/* deliver(), and what is sent with the message, if anything is. */
static NOINLINE void deliver_all(struct user_thread *receiver, struct user_thread *caller)
	REQUIRES(irqs_off)
{
	s64 result = 0;

	copy_words(user_frame(receiver), user_frame(caller));
	if (caller->sent != NULL)
		result = pass_handle(receiver, caller);
	WRITE_ONCE(caller->callee, receiver);
	WRITE_ONCE(receiver->caller, caller);
	set_done(receiver, result);
}

/* --- lists.  Interrupts off ---------------------------------------------------------------- */

static ALWAYS_INLINE struct endpoint *find(const struct user_thread *me, u64 handle, u32 right)
{
	struct kobj *k = handle_find(&me->task->handles, handle, KOBJ_ENDPOINT, right);

	return k != NULL ? container_of(k, struct endpoint, kobj) : NULL;
}

/* The first that waits on @list, off it; NULL: nobody does. */
static ALWAYS_INLINE struct user_thread *take_first(struct list_node *list)
{
	struct user_thread *u;

	if (list_empty(list))
		return NULL;
	u = list_first(list, struct user_thread, ipc_node);
	list_del(&u->ipc_node);
	return u;
}

static ALWAYS_INLINE void queue(struct user_thread *me, struct endpoint *ep, struct list_node *list)
{
	WRITE_ONCE(me->waits_at, ep);
	list_add_tail(&me->ipc_node, list);
}

/* Nobody will complete @me any more, or has, or is about to: false. */
static bool take_back(struct user_thread *me) REQUIRES(irqs_off)
{
	struct endpoint *ep = READ_ONCE(me->waits_at);
	struct user_thread *callee = READ_ONCE(me->callee), *expected = me;
	bool waited = false;

	if (ep != NULL) {
		spin_lock_irqs_off(&ep->lock);
		waited = !list_empty(&me->ipc_node);
		list_del(&me->ipc_node);
		spin_unlock_irqs_off(&ep->lock);
	}
	return waited || (callee != NULL &&
			  __atomic_compare_exchange_n(&callee->caller, &expected, NULL, false,
						      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
}

/* --- waiting ------------------------------------------------------------------------------- */

static bool give_up(struct user_thread *me)
{
	u64 flags = irq_save();
	bool mine = take_back(me);

	irq_restore(flags);
	if (mine)
		set_done(me, -EINTR);
	return mine;
}

/* Block until somebody has completed @me, or it shall end.  Interrupts off; on meanwhile. */
static NOINLINE void wait_done(struct user_thread *me) REQUIRES(irqs_off)
{
	irq_enable();
	for (;;) {
		thread_prepare_to_block();
		if (shared_load(&me->ipc_state) == IPC_DONE)
			break;
		if (unlikely(user_thread_killed(me)) && give_up(me))
			break;
		schedule();
	}
	thread_stay_awake();
	irq_disable();
}

static NOINLINE void wake_and_wait(struct user_thread *me, struct user_thread *partner)
	REQUIRES(irqs_off)
{
	if (partner != NULL)
		thread_wake(partner->thread);
	wait_done(me);
}

/* What comes when @me has queued up, or said something to @partner (NULL: to nobody). */
static ALWAYS_INLINE s64 switch_and_wait(struct user_thread *me, struct user_thread *partner)
	RELEASES(irqs_off)
{
	if (unlikely(partner == NULL || user_thread_killed(me) ||
		     !sched_hand_over(partner->thread)))
		wake_and_wait(me, partner);
	else if (unlikely(shared_load(&me->ipc_state) != IPC_DONE))
		wait_done(me);
	irq_enable();
	WRITE_ONCE(me->waits_at, NULL);
	WRITE_ONCE(me->callee, NULL);
	return me->ipc_result;
}

/* --- system calls ------------------------------------------------------------------------ */

/*
 * Take a partner of @me off @theirs, or if nobody is there put @me onto @mine: *@partner is NULL
 * then.  False: neither, the endpoint is dead.
 */
static ALWAYS_INLINE bool meet(struct endpoint *ep, struct user_thread *me,
			       struct list_node *theirs, struct list_node *mine,
			       struct user_thread **partner) REQUIRES(irqs_off)
{
	bool dead;

	begin_wait(me);
	spin_lock_irqs_off(&ep->lock);
	*partner = take_first(theirs);
	dead = *partner == NULL && ep->dead;
	if (*partner == NULL && !dead)
		queue(me, ep, mine);
	spin_unlock_irqs_off(&ep->lock);
	return !dead;
}

s64 sys_call(struct syscall_frame *f)
{
	struct user_thread *me = current->user, *receiver;
	struct endpoint *ep;

	irq_disable();
	ep = find(me, f->rdi, RIGHT_CALL);
	if (unlikely(ep == NULL)) {
		irq_enable();
		return -EBADF;
	}
	if (unlikely(!meet(ep, me, &ep->receivers, &ep->callers, &receiver))) {
		thread_stay_awake();
		irq_enable();
		return -EPIPE;
	}
	if (likely(receiver != NULL))
		deliver(receiver, me);
	return switch_and_wait(me, receiver);
}

/* The one whose call @me has not answered yet, which has the words of @me's frame now; or NULL. */
static ALWAYS_INLINE struct user_thread *reply(struct user_thread *me)
{
	struct user_thread *caller = shared_xchg(&me->caller, NULL);

	if (caller != NULL) {
		copy_words(user_frame(caller), user_frame(me));
		set_done(caller, 0);
	}
	return caller;
}

/*
 * @me has a call at once.  While @caller was on no list and not yet .caller it could not take
 * itself back: if it was told to end meanwhile it looks again.  The barrier pairs with the locked
 * operation of who kills: either it sees .caller, or .user_work is seen here.
 */
static NOINLINE void receive_waiting(struct user_thread *me, struct user_thread *caller)
	REQUIRES(irqs_off)
{
	deliver_all(me, caller);
	smp_mb();
	if (unlikely(user_thread_killed(caller)))
		thread_wake(caller->thread);
}

s64 sys_reply_wait(struct syscall_frame *f)
{
	struct user_thread *me = current->user, *caller, *next;
	struct endpoint *ep;
	bool alive;

	irq_disable();
	ep = find(me, f->rdi, RIGHT_RECEIVE);
	if (unlikely(ep == NULL)) {
		irq_enable();
		return -EBADF;
	}
	caller = reply(me);
	alive = meet(ep, me, &ep->callers, &ep->receivers, &next);
	if (likely(alive && next == NULL))
		return switch_and_wait(me, caller);
	if (alive)
		receive_waiting(me, next);
	thread_stay_awake();
	if (caller != NULL)
		thread_wake(caller->thread); /* before interrupts are on: then it may be gone */
	irq_enable();
	return alive ? me->ipc_result : -EPIPE;
}

/* --- handles in messages ----------------------------------------------------------------- */

/*
 * What the word in R13 is a handle of becomes @me's to send.  It counts as a handle until
 * send_ends(), so that the sender's may be closed meanwhile.
 */
static int send_begins(struct user_thread *me, u64 handle)
{
	u32 rights;
	struct kobj *k = handle_get_any(&me->task->handles, handle, &rights);

	if (k == NULL)
		return -EBADF;
	if (!(rights & RIGHT_DUPLICATE)) {
		kobj_put(k);
		return -EPERM;
	}
	kobj_handle_opened(k, rights);
	me->sent = k;
	me->sent_rights = rights;
	return 0;
}

/* Nobody takes @me's message any more. */
static void send_ends(struct user_thread *me)
{
	struct kobj *k = me->sent;

	me->sent = NULL;
	kobj_handle_closed(k, me->sent_rights);
	kobj_put(k);
}

/* sys_call(), but a receiver that waits is told of the handle, and woken as any thread is. */
static s64 call(struct user_thread *me, u64 handle)
{
	struct user_thread *receiver;
	struct endpoint *ep;

	irq_disable();
	ep = find(me, handle, RIGHT_CALL);
	if (ep == NULL) {
		irq_enable();
		return -EBADF;
	}
	if (!meet(ep, me, &ep->receivers, &ep->callers, &receiver)) {
		thread_stay_awake();
		irq_enable();
		return -EPIPE;
	}
	if (receiver != NULL)
		deliver_all(receiver, me);
	wake_and_wait(me, receiver);
	irq_enable();
	WRITE_ONCE(me->waits_at, NULL);
	WRITE_ONCE(me->callee, NULL);
	return me->ipc_result;
}

s64 sys_call_handle(struct syscall_frame *f)
{
	struct user_thread *me = current->user;
	s64 result = send_begins(me, f->r13);

	if (result != 0)
		return result;
	result = call(me, f->rdi);
	send_ends(me);
	return result;
}

/* reply(), with what @me sends.  0, or -EBADF: it may not receive at @handle. */
static s64 reply_with_handle(struct user_thread *me, u64 handle)
{
	struct user_thread *caller;

	irq_disable();
	if (find(me, handle, RIGHT_RECEIVE) == NULL) {
		irq_enable();
		return -EBADF;
	}
	caller = shared_xchg(&me->caller, NULL);
	if (caller != NULL) {
		copy_words(user_frame(caller), user_frame(me));
		set_done(caller, pass_handle(caller, me));
		thread_wake(caller->thread);
	}
	irq_enable();
	return 0;
}

/* The reply is no less one for it that the endpoint may end before the wait. */
s64 sys_reply_wait_handle(struct syscall_frame *f)
{
	struct user_thread *me = current->user;
	s64 result = send_begins(me, f->r13);

	if (result != 0)
		return result;
	result = reply_with_handle(me, f->rdi);
	send_ends(me);
	return result != 0 ? result : sys_reply_wait(f);
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

struct endpoint *endpoint_create(void)
{
	struct endpoint *ep = kzalloc(sizeof(*ep));

	if (ep == NULL)
		return NULL;
	kobj_init(&ep->kobj, KOBJ_ENDPOINT);
	spin_init(&ep->lock, "endpoint", LOCK_RANK_ENDPOINT);
	list_init(&ep->receivers);
	list_init(&ep->callers);
	return ep;
}

/* Under the lock. */
static void fail_all(struct list_node *list)
{
	struct user_thread *u;

	while ((u = take_first(list)) != NULL) {
		set_done(u, -EPIPE);
		thread_wake(u->thread);
	}
}

void endpoint_gains_receiver(struct endpoint *ep)
{
	u64 flags = spin_lock_irqsave(&ep->lock);

	ep->receive_handles++;
	spin_unlock_irqrestore(&ep->lock, flags);
}

void endpoint_loses_receiver(struct endpoint *ep)
{
	u64 flags = spin_lock_irqsave(&ep->lock);

	if (--ep->receive_handles == 0) {
		ep->dead = true;
		fail_all(&ep->receivers);
		fail_all(&ep->callers);
	}
	spin_unlock_irqrestore(&ep->lock, flags);
}

/* No handle leads here; who still waits had one that was closed meanwhile. */
void endpoint_free(struct endpoint *ep)
{
	u64 flags = spin_lock_irqsave(&ep->lock);

	ep->dead = true;
	fail_all(&ep->receivers);
	fail_all(&ep->callers);
	spin_unlock_irqrestore(&ep->lock, flags);
	kobj_wait_for_lookers(); /* take_back() */
	kfree(ep);
}
