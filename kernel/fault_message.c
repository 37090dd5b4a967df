/* SPDX-License-Identifier: MIT */
/*
 * kernel/fault_message.c - see fault_message.h.
 *
 * A partner finds a caller's words in a system call's frame at the top of its stack (ipc.c).  There
 * is what the exception left, which is put aside for as long as the call takes.
 */
#include "kernel/fault_message.h"
#include "kernel/abi.h"
#include "kernel/ipc.h"
#include "kernel/sys_task.h"
#include "lib/assert.h"
#include "lib/err.h"
#include "lib/log.h"

STATIC_ASSERT(sizeof(struct trapframe) > sizeof(struct syscall_frame), "one lies in the other");

static const u64 rights[] = {
	[FAULT_READ] = MAP_READ,
	[FAULT_WRITE] = MAP_WRITE,
	[FAULT_EXEC] = MAP_EXEC,
};

static int reply_of(s64 result, u64 word)
{
	if (result < 0)
		return (int)result;
	if (word == 0)
		return 0;
	return (s64)word < 0 && (s64)word > INT32_MIN ? (int)(s64)word : -EFAULT;
}

/* The call: 0, or why it will not be resolved.  -EINTR: the thread is to end. */
static int ask(struct trapframe *f, vaddr_t va, u64 access, u64 pager) REQUIRES(irqs_off)
{
	struct user_thread *me = current->user;
	struct syscall_frame *words = user_frame(me);
	struct trapframe saved = *f;
	s64 result;
	int error;

	DEBUG_ASSERT((vaddr_t)(f + 1) == current->stack_top, "a fault of user mode's at %p",
		     (void *)f);
	*words = (struct syscall_frame){
		.rsi = va, .rdx = access, .r10 = me->task->pager_cookie, .r8 = saved.rip
	};
	result = ipc_call_fault(pager);
	error = reply_of(result, words->rsi);
	*f = saved;
	return error;
}

bool fault_message(struct trapframe *f, vaddr_t va, enum fault_access access, int *error)
{
	const struct task *task = current->user->task;
	u64 pager = shared_load(&task->pager);

	if (likely(pager == 0))
		return false;
	*error = ask(f, va, rights[access], pager);
	if (likely(*error == 0 || user_thread_killed(current->user)))
		return true;
	printk("%s: its pager has nothing for %#lx: %s\n", task->name, va, err_name(*error));
	return false;
}

/* --- who is asked ---------------------------------------------------------------------------- */

/* Once, so that nobody sees one's handle with another's cookie. */
static bool set(struct task *task, u64 handle, u64 cookie)
{
	bool first;

	spin_lock(&task->lock);
	first = task->pager == 0;
	if (first) {
		task->pager_cookie = cookie;
		shared_store(&task->pager, handle);
	}
	spin_unlock(&task->lock);
	return first;
}

/* Takes over the reference of @copy. */
static s64 give_pager(struct task *task, const struct handle_copy *copy, u64 cookie)
{
	s64 handle;

	if (copy->object->type != KOBJ_ENDPOINT || !(copy->rights & RIGHT_CALL) ||
	    !(copy->rights & RIGHT_DUPLICATE)) {
		kobj_put(copy->object);
		return -EBADF;
	}
	handle = handle_copy_to_or_put(&task->handles, copy, RIGHT_CALL);

	if (handle < 0 || set(task, (u64)handle, cookie))
		return handle;
	(void)handle_close(&task->handles, (u64)handle);
	return -EBUSY;
}

s64 sys_pager(struct syscall_frame *f)
{
	struct task *task = task_by_handle(f->rdi, RIGHT_CONTROL);
	struct handle_copy copy;
	s64 result;

	if (task == NULL)
		return -EBADF;
	result = handle_copy_from(&current->user->task->handles, f->rsi, &copy);
	if (result == 0)
		result = give_pager(task, &copy, f->rdx);
	kobj_put(&task->kobj);
	return result;
}
