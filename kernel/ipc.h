/* SPDX-License-Identifier: MIT */
/*
 * kernel/ipc.h - endpoints (endpoint.c): where tasks call each other (ipc.c, ipc_direct.c).
 *
 * A caller waits until it has a reply.  A receiver that replies waits for the next call in the
 * same system call.  Who meets a partner that waits on this CPU switches straight to it, and
 * what is said goes from register frame to register frame.
 */
#pragma once

#include "arch/x86_64/spinlock.h"
#include "arch/x86_64/syscall.h"
#include "kernel/handle.h"
#include "kernel/kobj.h"
#include "lib/list.h"

struct notification;
struct task;
struct user_thread;

struct endpoint {
	struct kobj kobj;
	struct spinlock lock;			     /* rank LOCK_RANK_ENDPOINT, interrupts off */
	struct list_node receivers GUARDED_BY(lock); /* user_thread.ipc_node, first come first */
	struct list_node callers GUARDED_BY(lock);
	u64 special GUARDED_BY(lock);	      /* ENDPOINT_*: what a receiver must know first */
	u32 receive_handles GUARDED_BY(lock); /* handles with RIGHT_RECEIVE */
	struct notification *notification;    /* bound to it (notification.h), held, or NULL; under
						 both    locks; good with interrupts off */
};

#define ENDPOINT_DEAD	   1u /* there were handles to receive, and are none: -EPIPE */
#define ENDPOINT_SIGNALLED 2u /* its notification has bits; changes under both locks */

/* With one reference.  NULL: out of memory. */
struct endpoint *endpoint_create(void) WARN_UNUSED_RESULT;

/* For kobj.c. */
void endpoint_free(struct endpoint *ep);
void endpoint_gains_receiver(struct endpoint *ep);
void endpoint_loses_receiver(struct endpoint *ep);
void endpoint_revoked(struct endpoint *ep, const struct task *task);

/* The direct way of the first two below: syscall_direct_fn, kernel/ipc_direct.c. */
struct syscall_switch ipc_call_directly(u64 handle);
struct syscall_switch ipc_reply_wait_directly(u64 handle);

/*
 * What the second leaves, where it is, at @ep, with the locks of that and of the run queue, which
 * are released: if it is the reply to a fault, and who faulted can go on at once, it does; else the
 * longer way begins.  NULL: that, and nothing is locked.
 */
NORETURN void ipc_leave_reply(struct endpoint *ep) REQUIRES(irqs_off);

/* The same of the long ones: never. */
struct syscall_switch ipc_call_long_not_directly(u64 handle);
struct syscall_switch ipc_reply_wait_long_not_directly(u64 handle);

/* System calls (abi.h).  Interrupts off, before and after. */
s64 sys_call(struct syscall_frame *f) REQUIRES(irqs_off);
s64 sys_reply_wait(struct syscall_frame *f) REQUIRES(irqs_off);
s64 sys_call_long(struct syscall_frame *f) REQUIRES(irqs_off);
s64 sys_reply_wait_long(struct syscall_frame *f) REQUIRES(irqs_off);

/*
 * What a fault says instead of a call's words, and the first word of the reply: the thread is in no
 * system call, so that its frame is the exception's, and stays so.
 */
struct fault_call {
	u64 va, access, cookie, rip;
	u64 reply;
};

/* The current thread's call at @handle, without a time limit, told as MESSAGE_FAULT, with @call for
 * its words.  The result as of a call. */
s64 ipc_call_fault(u64 handle, struct fault_call *call) REQUIRES(irqs_off);

/*
 * For who sends more than words.  The current thread @me's call at @handle, with what lies in .sent
 * and .told_as; whoever waits there is woken as any thread is.
 */
s64 ipc_call_woken(struct user_thread *me, u64 handle) REQUIRES(irqs_off);

/*
 * The caller that @me has not answered yet, which has the words of @me's frame now, and is @me's to
 * complete and to wake; or NULL.  Not *@has_words: it faults, and has no words for more.
 */
struct user_thread *ipc_answer(struct user_thread *me, bool *has_words) REQUIRES(irqs_off);

/* sys_reply_wait() of a thread that has more to do when it goes on. */
s64 ipc_reply_wait_woken(struct syscall_frame *f) REQUIRES(irqs_off);

/* @u, which is the current thread, ends: who waits for its reply gets -EPIPE. */
void ipc_thread_ends(struct user_thread *u);
