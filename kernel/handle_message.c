/* SPDX-License-Identifier: MIT */
/*
 * kernel/handle_message.c - see handle_message.h; and the system calls that send a handle.
 *
 * What is sent lies in .sent of who sends it, from before the message can be taken until nobody can
 * take it any more.  Who sends has to give it back when he goes on, so he does not wait directly
 * (ipc_direct.c).
 */
#include "arch/x86_64/irq.h"
#include "kernel/abi.h"
#include "kernel/handle_message.h"
#include "kernel/ipc.h"
#include "kernel/sched.h"
#include "kernel/user_wait.h"
#include "lib/err.h"

s64 handle_message_pass(struct user_thread *to, struct user_thread *from)
{
	s64 handle;

	kobj_get(from->sent.object);
	handle = handle_copy_to(&to->task->handles, &from->sent, from->sent.rights & ~RIGHT_REVOKE);
	if (handle < 0)
		kobj_unget(from->sent.object);
	user_frame(to)->r13 = handle < 0 ? 0 : (u64)handle;
	return MESSAGE_HANDLE;
}

/*
 * What the word in R13 is a handle of becomes @me's to send.  It counts as a handle until
 * send_ends(), so that the sender's may be closed meanwhile.
 */
static int send_begins(struct user_thread *me, u64 handle)
{
	struct handle_copy sent;
	int err = handle_copy_from(&me->task->handles, handle, &sent);

	if (err != 0)
		return err;
	if (!(sent.rights & RIGHT_DUPLICATE)) {
		kobj_put(sent.object);
		return -EPERM;
	}
	kobj_handle_opened(sent.object, sent.rights);
	me->sent = sent;
	return 0;
}

/* Nobody takes @me's message any more. */
static void send_ends(struct user_thread *me)
{
	struct kobj *k = me->sent.object;

	me->sent.object = NULL;
	kobj_handle_closed(k, me->sent.rights);
	kobj_put(k);
}

s64 sys_call_handle(struct syscall_frame *f)
{
	struct user_thread *me = current->user;
	s64 result = send_begins(me, f->r13);

	if (result != 0)
		return result;
	irq_disable();
	result = ipc_call_woken(me, f->rdi);
	irq_enable();
	send_ends(me);
	return result;
}

s64 sys_call_pager(struct syscall_frame *f)
{
	struct user_thread *me = current->user;
	u64 pager = shared_load(&me->task->pager);
	s64 result;

	if (pager == 0)
		return -ENODEV;
	result = f->r13 != 0 ? send_begins(me, f->r13) : 0;
	if (result != 0)
		return result;
	f->r10 = me->task->pager_cookie;
	irq_disable();
	me->told_as = MESSAGE_CLIENT;
	result = ipc_call_woken(me, pager);
	me->told_as = 0;
	irq_enable();
	if (me->sent.object != NULL)
		send_ends(me);
	return result;
}

/*
 * The reply to whom @me has not answered, with what @me sends.  0, or -EBADF: it may not receive at
 * @handle.
 */
static s64 reply_with_handle(struct user_thread *me, u64 handle)
{
	struct user_thread *caller;
	bool has_words;

	irq_disable();
	if (endpoint_find(me, handle, RIGHT_RECEIVE) == NULL) {
		irq_enable();
		return -EBADF;
	}
	caller = ipc_answer(me, &has_words);
	if (caller != NULL) {
		set_done(caller, has_words ? handle_message_pass(caller, me) : 0);
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
	if (result != 0)
		return result;
	irq_disable();
	result = ipc_reply_wait_woken(f);
	irq_enable();
	return result;
}
