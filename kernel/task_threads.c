/* SPDX-License-Identifier: MIT */
/*
 * kernel/task_threads.c - the threads of tasks: how they begin, are told to end, and are freed. See
 * task.h.
 *
 * A thread cannot free itself: it is freed by the reaper, a thread of the kernel's, which
 * joins those that are on the list of the dead.  Others may still look at one that they have
 * found with interrupts off (kobj.h), so the reaper waits for them too.
 */
#include "arch/x86_64/irq.h"
#include "kernel/ipc.h"
#include "kernel/long_message.h"
#include "kernel/sched.h"
#include "kernel/task.h"
#include "lib/assert.h"
#include "lib/err.h"
#include "mm/budget.h"
#include "mm/mm.h"
#include "mm/slab.h"

static KMEM_CACHE(threads, "user thread", sizeof(struct user_thread), 64);

/* Ended threads that wait for the reaper, by .node. */
static struct wait_queue dead_queue;
static struct spinlock dead_lock = SPINLOCK_INIT("dead threads", LOCK_RANK_TASK);
static struct list_node dead GUARDED_BY(dead_lock) = LIST_INIT(dead);

/* --- beginning ----------------------------------------------------------------------------- */

static NORETURN void resume(struct trapframe *frame)
{
	struct trapframe f = *frame;

	kfree(frame);
	user_resume(&f, current->stack_top);
}

static int run(void *arg)
{
	struct user_thread *u = arg;

	kthread_use_mm(u->task->mm);
	if (u->start.frame != NULL)
		resume(u->start.frame);
	user_enter(u->start.rip, u->start.rsp, u->start.arg, current->stack_top);
}

/* It has not started. */
static void discard(struct user_thread *u)
{
	budget_uncharge(u->task->budget, THREAD_PAGES);
	if (u->thread != NULL)
		thread_discard(u->thread);
	kmem_cache_free(&threads, u);
}

static struct user_thread *make_thread(struct task *task, const struct user_start *start)
{
	struct user_thread *u;

	if (!budget_charge(task->budget, THREAD_PAGES))
		return NULL;
	u = kmem_cache_zalloc(&threads);
	if (u == NULL) {
		budget_uncharge(task->budget, THREAD_PAGES);
		return NULL;
	}
	u->task = task;
	u->handles = task->handles.entries;
	u->start = *start;
	list_init(&u->node);
	u->thread = start->cpu == ANY_USER_CPU ? thread_create(task->name, run, u)
					       : thread_create_on(start->cpu, task->name, run, u);
	if (u->thread == NULL || thread_add_user_state(u->thread) != 0) {
		discard(u);
		return NULL;
	}
	u->thread->user = u;
	return u;
}

/* Into its task, unless that takes none. */
static int enlist(struct task *task, struct user_thread *u)
{
	int err = 0;

	spin_lock(&task->lock);
	if (task->killed)
		err = -ESRCH;
	else if (task->nr_threads == TASK_THREADS_MAX)
		err = -ENOSPC;
	if (!err) {
		task->nr_threads++;
		task->started = true;
		list_add_tail(&u->node, &task->threads);
		kobj_get(&task->kobj);
	}
	spin_unlock(&task->lock);
	return err;
}

static int start_thread(struct task *task, const struct user_start *start, bool copy)
{
	struct user_thread *u = make_thread(task, start);
	int err;

	if (u == NULL)
		return -ENOMEM;
	if (copy)
		thread_copy_user_state(u->thread);
	err = enlist(task, u);
	if (err) {
		discard(u);
		return err;
	}
	if (start->priority != 0)
		thread_set_priority(u->thread, start->priority);
	thread_start(u->thread);
	return 0;
}

int task_start_thread(struct task *task, const struct user_start *start)
{
	return start_thread(task, start, false);
}

int task_start_copy(struct task *task, const struct user_start *start)
{
	return start_thread(task, start, true);
}

/* --- ending -------------------------------------------------------------------------------- */

/* Under the task's lock, so that it is not freed.  Pairs with ipc.c: written before the state is
 * read. */
static void kill(struct user_thread *u)
{
	__atomic_fetch_or(&stack_head_at(u->thread->stack_top)->user_work, USER_WORK_END,
			  __ATOMIC_SEQ_CST);
	if (!thread_wake(u->thread))
		sched_look_at(u->thread);
}

void task_kill(struct task *task)
{
	struct user_thread *u;

	spin_lock(&task->lock);
	task->killed = true;
	list_for_each_entry (u, &task->threads, node)
		kill(u);
	spin_unlock(&task->lock);
}

void task_kill_after(u64 id)
{
	struct task *task;

	while ((task = task_next(id)) != NULL) {
		id = task->id;
		task_kill(task);
		kobj_put(&task->kobj);
	}
}

void user_thread_exit(int status)
{
	struct user_thread *u = current->user;

	ipc_thread_ends(u);
	long_message_thread_ends(u);
	kthread_unuse_mm();
	spin_lock(&u->task->lock);
	list_del(&u->node);
	u->task->status = status;
	spin_unlock(&u->task->lock);
	spin_lock(&dead_lock);
	list_add_tail(&u->node, &dead);
	spin_unlock(&dead_lock);
	wake_one(&dead_queue);
	thread_exit(status);
}

void user_thread_work(void)
{
	irq_enable();
	user_thread_exit(-EINTR);
}

/* --- the reaper ------------------------------------------------------------------------------ */

static struct user_thread *take_dead(void)
{
	struct user_thread *u = NULL;

	spin_lock(&dead_lock);
	if (!list_empty(&dead)) {
		u = list_first(&dead, struct user_thread, node);
		list_del(&u->node);
	}
	spin_unlock(&dead_lock);
	return u;
}

/*
 * Is the task's only thread the one that is being freed, and does it end with it?  Then no other is
 * started any more.  Its handles are closed then, and not when it is freed: one of them may be a
 * handle of its own, or of a task that has one of it.
 */
static bool is_last(struct task *task)
{
	bool last;

	spin_lock(&task->lock);
	last = task->ends_with_threads && task->nr_threads == 1;
	if (last)
		task->killed = true;
	spin_unlock(&task->lock);
	return last;
}

static void reap(struct user_thread *u)
{
	struct task *task = u->task;

	kobj_wait_for_lookers(); /* they look at its struct thread too */
	(void)thread_join(u->thread);
	kmem_cache_free(&threads, u);
	budget_uncharge(task->budget, THREAD_PAGES);
	if (is_last(task))
		handle_table_close(&task->handles);
	spin_lock(&task->lock);
	task->nr_threads--;
	spin_unlock(&task->lock);
	wake_all(&task->ended);
	kobj_put(&task->kobj);
}

static NORETURN void reap_for_ever(void)
{
	struct user_thread *u;

	for (;;) {
		wait_event(&dead_queue, (u = take_dead()) != NULL);
		reap(u);
	}
}

static int run_reaper(void *arg)
{
	(void)arg;
	reap_for_ever();
}

void task_init(void)
{
	struct thread *reaper;

	wait_queue_init(&dead_queue);
	reaper = thread_create("reaper", run_reaper, NULL);
	if (reaper == NULL)
		panic("too little memory for the thread that frees ended ones");
	thread_start(reaper);
}
