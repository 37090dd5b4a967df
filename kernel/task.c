/* SPDX-License-Identifier: MIT */
/*
 * kernel/task.c - see task.h.
 *
 * A thread cannot free itself: it is freed by the reaper, a thread of the kernel's, which
 * joins those that are on the list of the dead.  Others may still look at one that they have
 * found with interrupts off (kobj.h), so the reaper waits for them too.
 */
#include "arch/x86_64/irq.h"
#include "kernel/ipc.h"
#include "kernel/sched.h"
#include "kernel/task.h"
#include "lib/assert.h"
#include "lib/err.h"
#include "lib/string.h"
#include "mm/mm.h"
#include "mm/slab.h"

static struct kmem_cache threads =
	KMEM_CACHE_INIT(threads, "user thread", sizeof(struct user_thread), 64);

/* Ended threads that wait for the reaper, by .node. */
static struct wait_queue dead_queue;
static struct spinlock dead_lock = SPINLOCK_INIT("dead threads", LOCK_RANK_TASK);
static struct list_node dead GUARDED_BY(dead_lock) = LIST_INIT(dead);

/* --- tasks --------------------------------------------------------------------------------- */

struct task *task_create(const char *name)
{
	struct task *task = kzalloc(sizeof(*task));

	if (task == NULL)
		return NULL;
	kobj_init(&task->kobj, KOBJ_TASK);
	spin_init(&task->lock, "task", LOCK_RANK_TASK);
	list_init(&task->threads);
	wait_queue_init(&task->ended);
	strlcpy(task->name, name, sizeof(task->name));
	task->mm = mm_create();
	if (task->mm == NULL) {
		kfree(task);
		return NULL;
	}
	if (handle_table_init(&task->handles) != 0) {
		mm_put(task->mm);
		kfree(task);
		return NULL;
	}
	return task;
}

/* Nobody else has it any more. */
NO_LOCK_CHECK void task_free(struct task *task)
{
	ASSERT(task->nr_threads == 0, "task %s ends with %u threads", task->name, task->nr_threads);
	handle_table_destroy(&task->handles);
	mm_put(task->mm);
	kfree(task);
}

static bool has_ended(struct task *task)
{
	bool ended;

	spin_lock(&task->lock);
	ended = task->nr_threads == 0;
	spin_unlock(&task->lock);
	return ended;
}

int task_wait(struct task *task)
{
	int status;

	wait_event(&task->ended, has_ended(task));
	spin_lock(&task->lock);
	status = task->status;
	spin_unlock(&task->lock);
	return status;
}

/* --- threads ------------------------------------------------------------------------------- */

static int run(void *arg)
{
	struct user_thread *u = arg;

	kthread_use_mm(u->task->mm);
	user_enter(u->start.rip, u->start.rsp, u->start.arg, current->stack_top);
}

static struct user_thread *make_thread(struct task *task, const struct user_start *start)
{
	struct user_thread *u = kmem_cache_zalloc(&threads);

	if (u == NULL)
		return NULL;
	u->task = task;
	u->start = *start;
	u->ipc_state = IPC_DONE;
	list_init(&u->node);
	list_init(&u->ipc_node);
	u->thread = start->cpu == ANY_USER_CPU ? thread_create(task->name, run, u)
					       : thread_create_on(start->cpu, task->name, run, u);
	if (u->thread == NULL) {
		kmem_cache_free(&threads, u);
		return NULL;
	}
	u->thread->user = u;
	if (thread_add_user_state(u->thread) == 0)
		return u;
	thread_discard(u->thread);
	kmem_cache_free(&threads, u);
	return NULL;
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
		list_add_tail(&u->node, &task->threads);
		kobj_get(&task->kobj);
	}
	spin_unlock(&task->lock);
	return err;
}

int task_start_thread(struct task *task, const struct user_start *start)
{
	struct user_thread *u = make_thread(task, start);
	int err;

	if (u == NULL)
		return -ENOMEM;
	err = enlist(task, u);
	if (err) {
		thread_discard(u->thread);
		kmem_cache_free(&threads, u);
		return err;
	}
	if (start->priority != 0)
		thread_set_priority(u->thread, start->priority);
	thread_start(u->thread);
	return 0;
}

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

void user_thread_exit(int status)
{
	struct user_thread *u = current->user;

	ipc_thread_ends(u);
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

static void reap(struct user_thread *u)
{
	struct task *task = u->task;

	kobj_wait_for_lookers(); /* they look at its struct thread too */
	(void)thread_join(u->thread);
	kmem_cache_free(&threads, u);
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
