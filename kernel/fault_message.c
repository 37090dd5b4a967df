/* SPDX-License-Identifier: MIT */
/*
 * kernel/fault_message.c - see fault_message.h.
 */
#include "kernel/fault_message.h"
#include "kernel/abi.h"
#include "kernel/ipc.h"
#include "kernel/sys_task.h"
#include "lib/assert.h"
#include "lib/err.h"
#include "lib/log.h"

static const u64 rights[] = {
	[FAULT_READ] = MAP_READ,
	[FAULT_WRITE] = MAP_WRITE,
	[FAULT_EXEC] = MAP_EXEC,
};

/* 0, or why it will not be resolved.  -EINTR: the thread is to end. */
static int reply_of(s64 result, const struct fault_call *call)
{
	u64 word = call->reply;

	if (result < 0)
		return (int)result;
	if (word == 0)
		return 0;
	return (s64)word < 0 && (s64)word > INT32_MIN ? (int)(s64)word : -EFAULT;
}

int fault_message(const struct trapframe *f, vaddr_t va, enum fault_access access)
{
	const struct task *task = current->user->task;
	u64 pager = shared_load(&task->pager);
	struct fault_call call;
	int err;

	if (likely(pager == 0))
		return -EFAULT;
	call.va = va;
	call.access = rights[access];
	call.cookie = task->pager_cookie;
	call.rip = f->rip;
	err = reply_of(ipc_call_fault(pager, &call), &call);
	if (unlikely(err != 0 && !user_thread_killed(current->user)))
		printk("%s: its pager has nothing for %#lx: %s\n", task->name, va, err_name(err));
	return err;
}

/* --- who is asked ---------------------------------------------------------------------------- */

/*
 * Once, so that nobody sees one's handle with another's cookie: the task has a handle only of the
 * endpoint that is to know it by the cookie.
 */
static bool take_place(struct task *task)
{
	bool first;

	spin_lock(&task->lock);
	first = !task->pager_taken;
	task->pager_taken = true;
	spin_unlock(&task->lock);
	return first;
}

static void leave_place(struct task *task)
{
	spin_lock(&task->lock);
	task->pager_taken = false;
	spin_unlock(&task->lock);
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
	if (!take_place(task)) {
		kobj_put(copy->object);
		return -EBUSY;
	}
	handle = handle_copy_to_or_put(&task->handles, copy, RIGHT_CALL);
	if (handle < 0) {
		leave_place(task);
		return handle;
	}
	task->pager_cookie = cookie;
	shared_store(&task->pager, (u64)handle);
	return handle;
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
