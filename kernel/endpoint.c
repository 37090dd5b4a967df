/* SPDX-License-Identifier: MIT */
/*
 * kernel/endpoint.c - endpoints, from their making to their end (ipc.h).
 *
 * One is dead when the last handle to receive is closed: nobody will ever answer there.  Who waits
 * is told, and who comes later finds the mark, under the lock.
 */
#include "kernel/ipc.h"
#include "kernel/notification.h"
#include "kernel/user_wait.h"
#include "lib/err.h"
#include "mm/slab.h"

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

void endpoint_gains_receiver(struct endpoint *ep)
{
	u64 flags = spin_lock_irqsave(&ep->lock);

	ep->receive_handles++;
	spin_unlock_irqrestore(&ep->lock, flags);
}

void endpoint_loses_receiver(struct endpoint *ep)
{
	u64 flags = spin_lock_irqsave(&ep->lock);
	bool last = --ep->receive_handles == 0;

	if (last) {
		ep->special |= ENDPOINT_DEAD;
		complete_all(&ep->receivers, -EPIPE);
		complete_all(&ep->callers, -EPIPE);
	}
	spin_unlock_irqrestore(&ep->lock, flags);
	if (last)
		notification_unbind(ep);
}

void endpoint_revoked(struct endpoint *ep, const struct task *task)
{
	u64 flags = spin_lock_irqsave(&ep->lock);

	complete_others(&ep->receivers, task, -EIDRM);
	complete_others(&ep->callers, task, -EIDRM);
	spin_unlock_irqrestore(&ep->lock, flags);
}

/* No handle leads here; who still waits had one that was closed meanwhile. */
void endpoint_free(struct endpoint *ep)
{
	u64 flags = spin_lock_irqsave(&ep->lock);

	ep->special |= ENDPOINT_DEAD;
	complete_all(&ep->receivers, -EPIPE);
	complete_all(&ep->callers, -EPIPE);
	spin_unlock_irqrestore(&ep->lock, flags);
	notification_unbind(ep);
	kobj_wait_for_lookers(); /* give_up() */
	kfree(ep);
}
