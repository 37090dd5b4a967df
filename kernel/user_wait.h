/* SPDX-License-Identifier: MIT */
/*
 * kernel/user_wait.h - a thread of a task waits until somebody completes its system call.
 *
 * Exactly one does: who takes it off the list that it waits on, under that list's lock, or out of
 * user_thread.caller by an exchange.  He writes the words, then the result, then wakes it, all
 * with interrupts off.  A thread that is to end, or whose time is over, takes itself out in
 * the same two ways, and if somebody was faster, waits for his result.
 *
 * No references are held: what a thread waits at, and threads, are found and used with interrupts
 * off, and freed only when everybody has had them on (kobj.h).
 */
#pragma once

#include "arch/x86_64/shared.h"
#include "arch/x86_64/spinlock.h"
#include "kernel/ipc.h"
#include "kernel/task.h"
#include "kernel/wait.h"

/* What @me's @handle leads to, good while interrupts stay off; NULL: no endpoint, or no @right. */
static ALWAYS_INLINE struct endpoint *endpoint_find(const struct user_thread *me, u64 handle,
						    u32 right)
{
	struct kobj *k = handle_find_by_right(me->handles, handle, right);

	return k != NULL ? container_of(k, struct endpoint, kobj) : NULL;
}

/* @u, which waits, is done: it may go on at once. */
static ALWAYS_INLINE void set_done(struct user_thread *u, s64 result)
{
	shared_store(&u->ipc_result, result);
}

static ALWAYS_INLINE bool is_done(const struct user_thread *u)
{
	return shared_load(&u->ipc_result) > IPC_WAITS_DIRECTLY;
}

/*
 * From here on it blocks; before anybody can see it wait.  Who completes it writes the result, who
 * kills it writes .user_work, before he reads the state; the locked operation that follows here
 * (the lock of the list) comes before the other two are read.  @how: IPC_WAITS*.
 */
static ALWAYS_INLINE void begin_wait(struct user_thread *u, s64 how)
{
	WRITE_ONCE(u->callee, NULL);
	WRITE_ONCE(u->ipc_result, how);
	WRITE_ONCE(current->state, THREAD_BLOCKED);
}

/* Put @me, the last, on @list, which @lock, held, protects. */
static ALWAYS_INLINE void queue_up(struct user_thread *me, struct spinlock *lock,
				   struct list_node *list)
{
	WRITE_ONCE(me->waits_under, lock);
	list_add_tail(&me->ipc_node, list);
}

/* @u is on its list no more.  Under the lock of that. */
static ALWAYS_INLINE void take_off(struct user_thread *u)
{
	list_unlink(&u->ipc_node);
	WRITE_ONCE(u->waits_under, NULL);
}

/* The first that waits on @list, off it; NULL: nobody does.  Under its lock. */
static ALWAYS_INLINE struct user_thread *take_first(struct list_node *list)
{
	struct user_thread *u;

	if (list_empty(list))
		return NULL;
	u = list_first(list, struct user_thread, ipc_node);
	take_off(u);
	return u;
}

/* All who wait on @list are done, with @result.  Under its lock, interrupts off. */
void complete_all(struct list_node *list, s64 result);

/* The same for all but the threads of @task. */
void complete_others(struct list_node *list, const struct task *task, s64 result);

/*
 * Block until somebody has completed @me, the current thread, or it shall end (-EINTR), or
 * time_ns() is @deadline (-ETIMEDOUT; NO_DEADLINE: never).  Interrupts off; on meanwhile.
 */
void wait_done(struct user_thread *me, u64 deadline) REQUIRES(irqs_off);

/* When a wait of @ns from now is over: for wait_done(). */
u64 deadline_after(u64 ns);

/* It was completed: it is on no list.  The result. */
static ALWAYS_INLINE s64 end_wait(const struct user_thread *me)
{
	return me->ipc_result;
}
