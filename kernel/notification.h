/* SPDX-License-Identifier: MIT */
/*
 * kernel/notification.h - notifications: a word of bits that somebody sets, in any context, and
 *that a thread of a task waits for.  Bits that nobody waits for stay until somebody asks.
 *
 *	.bits != 0	nobody waits for them, neither here nor at .endpoint
 *
 * A notification may be bound to an endpoint, for as long as that lives: whoever receives there
 * gets its bits too.  The endpoint holds a reference; .endpoint is none, and is emptied when the
 * endpoint ends.  Locks: the notification's, then the endpoint's.
 */
#pragma once

#include "arch/x86_64/spinlock.h"
#include "kernel/kobj.h"
#include "kernel/user_wait.h"
#include "lib/list.h"

struct endpoint;

struct notification {
	struct kobj kobj;
	struct spinlock lock;			   /* rank LOCK_RANK_NOTIFICATION, interrupts off */
	u64 bits GUARDED_BY(lock);		   /* signalled, and not received yet */
	struct list_node waiters GUARDED_BY(lock); /* user_thread.ipc_node, first come first */
	struct endpoint *endpoint GUARDED_BY(lock); /* where it is received too, or NULL */
	u32 signallers GUARDED_BY(lock); /* handles with RIGHT_SIGNAL, timers, interrupts */
	bool dead GUARDED_BY(lock);	 /* there were some, and are none: -EPIPE */
};

/* With one reference.  NULL: out of memory. */
struct notification *notification_create(void) WARN_UNUSED_RESULT;

/*
 * Set @bits, not 0, or give them to who waits, and wake him.  Any context but NMI; no lock held
 * above LOCK_RANK_NOTIFICATION.
 */
void notification_signal(struct notification *n, u64 bits) REQUIRES(irqs_off);

/* For kobj.c, and whoever else may signal: there is one more who does; one less. */
void notification_gains_signaller(struct notification *n);
void notification_loses_signaller(struct notification *n);
void notification_free(struct notification *n);
void notification_revoked(struct notification *n, const struct task *task);

/*
 * @ep gets @n's bits too, from now on.  Takes a reference of @n's.  0; -EBUSY: one of the two is
 * bound; -EPIPE: @ep is dead.  No lock held.
 */
int notification_bind(struct notification *n, struct endpoint *ep) REQUIRES(irqs_off);

/* @ep, which nobody can bind any more, ends.  Interrupts on, no lock held. */
void notification_unbind(struct endpoint *ep);

/* For who receives at @ep, which said that there are bits: they; 0: somebody was faster. */
u64 notification_take_for(struct endpoint *ep) REQUIRES(irqs_off);

/* All bits, which are nobody's any more then. */
u64 notification_take(struct notification *n) REQUIRES(n->lock, irqs_off);

/* For below: there is not exactly one who waits. */
struct user_thread *notification_choose(struct notification *n, u64 bits)
	REQUIRES(n->lock, irqs_off);

/* Its waiter @w, off the list, has @bits. */
static ALWAYS_INLINE void notification_give(struct user_thread *w, u64 bits, s64 result)
{
	user_frame(w)->rsi = bits;
	set_done(w, result);
}

/*
 * Set @bits, or give them to who waits: he is the caller's to wake, before interrupts are on.
 * NULL: nobody waits.
 */
static ALWAYS_INLINE struct user_thread *notification_post(struct notification *n, u64 bits)
	REQUIRES(irqs_off)
{
	struct list_node *waiters = &n->waiters, *first;
	struct user_thread *w;

	spin_lock_irqs_off(&n->lock);
	first = waiters->next;
	if (likely(first != waiters && first->next == waiters)) { /* the only one */
		w = list_entry(first, struct user_thread, ipc_node);
		list_init(waiters);
		WRITE_ONCE(w->waits_under, NULL);
		notification_give(w, bits, 0);
	} else {
		w = notification_choose(n, bits);
	}
	spin_unlock_irqs_off(&n->lock);
	return w;
}
