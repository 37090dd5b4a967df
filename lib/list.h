/* SPDX-License-Identifier: MIT */
/*
 * lib/list.h - an intrusive, circular, doubly linked list.
 *
 * A node that is on no list points to itself, so list_del() of a node leaves it
 * in the state of list_init() and a second removal is harmless to see and easy
 * to assert.  The list has no lock; its owner says which one protects it.
 *
 * A list may be followed by any CPU, so neither heads nor nodes may live at
 * CPU-local addresses: debug builds ask list_address_ok() at each insertion.
 */
#pragma once

#include "lib/assert.h"

struct list_node {
	struct list_node *next, *prev;
};

/* Is @p an address that means the same on every CPU?  Defined beside the memory layout. */
bool list_address_ok(const void *p);

#define LIST_INIT(name)                                                                            \
	{                                                                                          \
		&(name), &(name)                                                                   \
	}

static inline void list_init(struct list_node *n)
{
	n->next = n;
	n->prev = n;
}

static inline bool list_empty(const struct list_node *head)
{
	return head->next == head;
}

static inline void list_insert_between(struct list_node *n, struct list_node *prev,
				       struct list_node *next)
{
	DEBUG_ASSERT(list_address_ok(n) && list_address_ok(prev),
		     "CPU-local address on a list: node %p, after %p", (void *)n, (void *)prev);
	next->prev = n;
	n->next = next;
	n->prev = prev;
	prev->next = n;
}

/* Add @n as the first of @head. */
static inline void list_add(struct list_node *n, struct list_node *head)
{
	list_insert_between(n, head, head->next);
}

/* Add @n as the last of @head. */
static inline void list_add_tail(struct list_node *n, struct list_node *head)
{
	list_insert_between(n, head->prev, head);
}

static inline void list_del(struct list_node *n)
{
	n->prev->next = n->next;
	n->next->prev = n->prev;
	list_init(n);
}

/* The same, but what @n points to stays: it is added again, or forgotten, before anybody asks. */
static inline void list_unlink(struct list_node *n)
{
	n->prev->next = n->next;
	n->next->prev = n->prev;
}

#define list_entry(node, type, member) container_of(node, type, member)
#define list_first(head, type, member) list_entry((head)->next, type, member)

#define list_for_each_entry(pos, head, member)                                                     \
	for (pos = list_entry((head)->next, __typeof__(*pos), member); &pos->member != (head);     \
	     pos = list_entry(pos->member.next, __typeof__(*pos), member))

/* As above; the body may remove @pos from the list. */
#define list_for_each_entry_safe(pos, tmp, head, member)                                           \
	for (pos = list_entry((head)->next, __typeof__(*pos), member),                             \
	    tmp = list_entry(pos->member.next, __typeof__(*pos), member);                          \
	     &pos->member != (head);                                                               \
	     pos = tmp, tmp = list_entry(pos->member.next, __typeof__(*pos), member))
