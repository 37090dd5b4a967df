/* SPDX-License-Identifier: MIT */
/*
 * kernel/revoke.c - what was given away is taken back: of an object, each handle that another task
 * has is closed.  Finding an object by a handle is as it was, and pays nothing for it.
 *
 * One after the other, the tables of all tasks are looked through.  Meanwhile kobj.revocations is
 * odd, and what is on its way from table to table does not get past:
 *
 *	who finds it, to add it elsewhere	notes the number, with interrupts off; gives up
 *						if it is odd (handle_copy_from())
 *	who adds it				compares, under the lock of the table, and gives
 *						up if it is another
 *	a fork, which copies a table		leaves it out if it is odd, under the lock of the
 *						table that it copies
 *
 * Begin: the number becomes odd, before a table's lock is taken.  Who has added it to a
 * table before that was looked through is found there; who takes the lock later sees the
 * number.  So a table in which it was not, or is no more, does not get it.  A fork's table
 * is behind its parent's in the list of tasks: if the copy was made before the parent's
 * was looked through, it is found.  If later, there was nothing to copy; the caller's own
 * table, which stays as it is, has its lock taken in its turn for this alone.  A task that
 * is made after the beginning can have none: there the list ends.
 *
 * End: all who may have found it by a handle that was closed have had interrupts on
 * (kobj_wait_for_lookers()), whoever closed it.  So nobody notes the new, even, number by an old
 * handle, and nobody comes to wait at the object by one: who waits there now is told, or is the
 * caller's own.  Then the number becomes even.
 *
 * What was begun with the object before goes on: memory stays mapped, a timer signals, a call that
 * somebody has taken is answered.
 */
#include "kernel/revoke.h"
#include "kernel/abi.h"
#include "kernel/task.h"
#include "lib/err.h"

static bool begin(const struct handle_copy *copy)
{
	u32 before = copy->revocations;

	return __atomic_compare_exchange_n(&copy->object->revocations, &before, before + 1, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static void end(struct kobj *k)
{
	__atomic_fetch_add(&k->revocations, 1, __ATOMIC_RELEASE);
}

/* Who copies @t later sees what was written before. */
static void pass_lock(struct handle_table *t)
{
	spin_lock(&t->lock);
	spin_unlock(&t->lock);
}

/* Each task that there was when this began, but @me, has no handle of @k any more. */
static void close_all(const struct kobj *k, struct task *me)
{
	u64 last = task_last_id();
	struct task *task = task_after(NULL), *next;

	while (task != NULL) {
		if (task->id > last)
			next = NULL;
		else
			next = task_after(task);
		if (task == me)
			pass_lock(&task->handles);
		else
			handle_close_all_of(&task->handles, k);
		kobj_put(&task->kobj);
		task = next;
	}
}

static s64 revoke(const struct handle_copy *copy)
{
	struct task *me = current->user->task;

	if (!(copy->rights & RIGHT_REVOKE))
		return -EPERM;
	if (!begin(copy))
		return -EBUSY;
	close_all(copy->object, me);
	kobj_wait_for_lookers();
	kobj_revoked(copy->object, me);
	end(copy->object);
	return 0;
}

s64 sys_revoke(struct syscall_frame *f)
{
	struct handle_copy copy;
	s64 result = handle_copy_from(&current->user->task->handles, f->rdi, &copy);

	if (result != 0)
		return result;
	result = revoke(&copy);
	kobj_put(copy.object);
	return result;
}
