/* SPDX-License-Identifier: MIT */
/*
 * kernel/notification.c - see notification.h.
 *
 * An endpoint's ENDPOINT_SIGNALLED says that its notification has bits.  It changes under both
 * locks, and is true while and only while .bits is not 0; a receiver reads it under its
 * endpoint's lock, which it takes anyway.
 */
#include "kernel/notification.h"
#include "kernel/abi.h"
#include "kernel/ipc.h"
#include "kernel/sched.h"
#include "lib/err.h"
#include "mm/slab.h"

/* --- signals ------------------------------------------------------------------------------- */

/* The most urgent of those who wait, first come first; NULL: nobody does. */
static struct user_thread *most_urgent(const struct notification *n)
{
	struct user_thread *best = NULL, *u;

	list_for_each_entry (u, &n->waiters, ipc_node)
		if (best == NULL ||
		    READ_ONCE(u->thread->priority) > READ_ONCE(best->thread->priority))
			best = u;
	return best;
}

/*
 * @n has bits, and nobody waits for them there: who receives at its endpoint gets them, or finds
 * them there.
 */
static struct user_thread *offer(struct notification *n) REQUIRES(n->lock, irqs_off)
{
	struct endpoint *ep = n->endpoint;
	struct user_thread *receiver;

	spin_lock_irqs_off(&ep->lock);
	receiver = take_first(&ep->receivers);
	if (receiver == NULL) {
		ep->special |= ENDPOINT_SIGNALLED;
	} else {
		notification_give(receiver, n->bits, MESSAGE_BITS);
		n->bits = 0;
	}
	spin_unlock_irqs_off(&ep->lock);
	return receiver;
}

struct user_thread *notification_choose(struct notification *n, u64 bits)
{
	struct user_thread *w = most_urgent(n);

	if (w != NULL) {
		take_off(w);
		notification_give(w, bits, 0);
		return w;
	}
	n->bits |= bits;
	return n->endpoint != NULL ? offer(n) : NULL;
}

void notification_signal(struct notification *n, u64 bits)
{
	struct user_thread *w = notification_post(n, bits);

	if (w != NULL)
		thread_wake(w->thread);
}

u64 notification_take(struct notification *n)
{
	u64 bits = n->bits;

	n->bits = 0;
	if (bits != 0 && n->endpoint != NULL) {
		spin_lock_irqs_off(&n->endpoint->lock);
		n->endpoint->special &= ~ENDPOINT_SIGNALLED;
		spin_unlock_irqs_off(&n->endpoint->lock);
	}
	return bits;
}

/* --- bound to an endpoint ----------------------------------------------------------------------
 */

/* Under both locks. */
static int may_bind(const struct notification *n, const struct endpoint *ep)
	REQUIRES(n->lock, ep->lock)
{
	if (ep->special & ENDPOINT_DEAD)
		return -EPIPE;
	return n->endpoint != NULL || ep->notification != NULL ? -EBUSY : 0;
}

int notification_bind(struct notification *n, struct endpoint *ep)
{
	struct user_thread *receiver = NULL;
	int err;

	spin_lock_irqs_off(&n->lock);
	spin_lock_irqs_off(&ep->lock);
	err = may_bind(n, ep);
	if (!err) {
		kobj_get(&n->kobj);
		n->endpoint = ep;
		WRITE_ONCE(ep->notification, n);
	}
	spin_unlock_irqs_off(&ep->lock);
	if (!err && n->bits != 0)
		receiver = offer(n);
	spin_unlock_irqs_off(&n->lock);
	if (receiver != NULL)
		thread_wake(receiver->thread);
	return err;
}

void notification_unbind(struct endpoint *ep)
{
	u64 flags = spin_lock_irqsave(&ep->lock);
	struct notification *n = ep->notification;

	WRITE_ONCE(ep->notification, NULL);
	spin_unlock_irqrestore(&ep->lock, flags);
	if (n == NULL)
		return;
	flags = spin_lock_irqsave(&n->lock);
	n->endpoint = NULL;
	spin_unlock_irqrestore(&n->lock, flags);
	kobj_put(&n->kobj);
}

u64 notification_take_for(struct endpoint *ep)
{
	struct notification *n = READ_ONCE(ep->notification);
	u64 bits = 0;

	if (n == NULL)
		return 0;
	spin_lock_irqs_off(&n->lock);
	if (n->endpoint == ep)
		bits = notification_take(n);
	spin_unlock_irqs_off(&n->lock);
	return bits;
}

/* --- from the first to the last ------------------------------------------------------------------
 */

struct notification *notification_create(void)
{
	struct notification *n = kzalloc(sizeof(*n));

	if (n == NULL)
		return NULL;
	kobj_init(&n->kobj, KOBJ_NOTIFICATION);
	spin_init(&n->lock, "notification", LOCK_RANK_NOTIFICATION);
	list_init(&n->waiters);
	return n;
}

void notification_gains_signaller(struct notification *n)
{
	u64 flags = spin_lock_irqsave(&n->lock);

	n->signallers++;
	spin_unlock_irqrestore(&n->lock, flags);
}

void notification_loses_signaller(struct notification *n)
{
	u64 flags = spin_lock_irqsave(&n->lock);

	if (--n->signallers == 0) {
		n->dead = true;
		complete_all(&n->waiters, -EPIPE);
	}
	spin_unlock_irqrestore(&n->lock, flags);
}

void notification_revoked(struct notification *n, const struct task *task)
{
	u64 flags = spin_lock_irqsave(&n->lock);

	complete_others(&n->waiters, task, -EIDRM);
	spin_unlock_irqrestore(&n->lock, flags);
}

/* No handle leads here, and no endpoint; who still waits had a handle that was closed meanwhile. */
void notification_free(struct notification *n)
{
	u64 flags = spin_lock_irqsave(&n->lock);

	n->dead = true;
	complete_all(&n->waiters, -EPIPE);
	spin_unlock_irqrestore(&n->lock, flags);
	kobj_wait_for_lookers(); /* give_up(), notification_take_for() */
	kfree(n);
}
