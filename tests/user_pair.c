/* SPDX-License-Identifier: MIT */
/*
 * tests/user_pair.c - see user_pair.h.
 */
#include "kernel/abi.h"
#include "kernel/sched.h"
#include "kernel/wait.h"
#include "tests/user_pair.h"

bool user_pair_make(struct test *t, struct user_pair *p, const u8 *client, size_t client_size,
		    const u8 *server, size_t server_size)
{
	p->ep = endpoint_create();
	EXPECT(t, p->ep != NULL, "no memory for an endpoint");
	if (p->ep == NULL)
		return false;
	p->client = user_task(t, "client", client, client_size);
	p->server = user_task(t, "server", server, server_size);
	if (p->client == NULL || p->server == NULL)
		return false;
	p->call = user_task_handle(t, p->client, p->ep, RIGHT_CALL);
	p->receive = user_task_handle(t, p->server, p->ep, RIGHT_RECEIVE);
	kobj_put(&p->ep->kobj); /* handles keep it */
	return true;
}

bool user_endpoint_has(struct endpoint *ep, u32 callers, u32 receivers)
{
	u64 flags = spin_lock_irqsave(&ep->lock);
	u32 c = 0, r = 0;
	const struct list_node *n;

	for (n = ep->callers.next; n != &ep->callers; n = n->next)
		c++;
	for (n = ep->receivers.next; n != &ep->receivers; n = n->next)
		r++;
	spin_unlock_irqrestore(&ep->lock, flags);
	return c >= callers && r >= receivers;
}

void user_pair_await(struct user_pair *p, u32 callers, u32 receivers)
{
	while (!user_endpoint_has(p->ep, callers, receivers))
		sleep_ns(A_MOMENT);
}
