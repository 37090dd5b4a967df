/* SPDX-License-Identifier: MIT */
/*
 * kernel/task.c - tasks: made, found, waited for; their threads are in task_threads.c.  See task.h.
 */
#include "kernel/sched.h"
#include "kernel/task.h"
#include "lib/assert.h"
#include "lib/err.h"
#include "lib/string.h"
#include "mm/budget.h"
#include "mm/mm.h"
#include "mm/slab.h"

static KMEM_CACHE(tasks, "task", sizeof(struct task), 64);

/* Tasks that have not given all back yet, the memory of their struct last.  Atomic. */
static u64 existing;

/* All tasks that can be found, the ids ascending. */
static struct spinlock all_lock = SPINLOCK_INIT("all tasks", LOCK_RANK_TASK);
static struct list_node all GUARDED_BY(all_lock) = LIST_INIT(all);
static u64 last_id GUARDED_BY(all_lock);

static void publish(struct task *task)
{
	spin_lock(&all_lock);
	task->id = ++last_id;
	list_add_tail(&task->node, &all);
	spin_unlock(&all_lock);
}

/* Nobody finds @task any more; it may not have been published. */
static void withdraw(struct task *task)
{
	spin_lock(&all_lock);
	list_del(&task->node);
	spin_unlock(&all_lock);
}

/* Unless its last reference is gone, and it waits for the lock to leave the list. */
static bool get_if_alive(struct task *task)
{
	u32 refs = shared_load(&task->kobj.refs);

	while (refs != 0 && !__atomic_compare_exchange_n(&task->kobj.refs, &refs, refs + 1, false,
							 __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE))
		;
	return refs != 0;
}

struct task *task_next(u64 id)
{
	struct task *task, *found = NULL;

	spin_lock(&all_lock);
	list_for_each_entry (task, &all, node)
		if (task->id > id && get_if_alive(task)) {
			found = task;
			break;
		}
	spin_unlock(&all_lock);
	return found;
}

struct task *task_after(struct task *task)
{
	struct list_node *node;
	struct task *found = NULL;

	spin_lock(&all_lock);
	for (node = task != NULL ? task->node.next : all.next; node != &all && found == NULL;
	     node = node->next)
		if (get_if_alive(list_entry(node, struct task, node)))
			found = list_entry(node, struct task, node);
	spin_unlock(&all_lock);
	return found;
}

u64 task_last_id(void)
{
	u64 id;

	spin_lock(&all_lock);
	id = last_id;
	spin_unlock(&all_lock);
	return id;
}

/* What @task consists of; some of it may be missing. */
static void free_parts(struct task *task)
{
	handle_table_destroy(&task->handles);
	if (task->mm != NULL)
		mm_put(task->mm);
	budget_put(task->budget);
	kmem_cache_free(&tasks, task);
	__atomic_fetch_sub(&existing, 1, __ATOMIC_RELEASE); /* pairs with task_count() */
}

static struct task *create(const char *name, struct budget *budget)
{
	struct task *task = kmem_cache_zalloc(&tasks);

	if (task == NULL)
		return NULL;
	__atomic_fetch_add(&existing, 1, __ATOMIC_RELAXED);
	kobj_init(&task->kobj, KOBJ_TASK);
	spin_init(&task->lock, "task", LOCK_RANK_TASK);
	list_init(&task->threads);
	list_init(&task->node);
	wait_queue_init(&task->ended);
	strlcpy(task->name, name, sizeof(task->name));
	task->mm = mm_create();
	if (task->mm == NULL || handle_table_init(&task->handles) != 0 ||
	    (budget != NULL && mm_set_budget(task->mm, budget) != 0)) {
		free_parts(task);
		return NULL;
	}
	task->budget = budget;
	return task;
}

struct task *task_create(const char *name)
{
	struct task *task = create(name, NULL);

	if (task != NULL)
		publish(task);
	return task;
}

struct task *task_create_limited(const char *name, u64 pages, struct budget *above)
{
	struct budget *budget = budget_create(pages, above);
	struct task *task = NULL;

	if (budget == NULL)
		return NULL;
	if (budget_charge(budget, TASK_PAGES)) {
		task = create(name, budget);
		if (task == NULL)
			budget_uncharge(budget, TASK_PAGES);
	}
	if (task == NULL) {
		budget_put(budget);
		return NULL;
	}
	task->ends_with_threads = true;
	publish(task);
	return task;
}

/* Nobody else has it any more. */
NO_LOCK_CHECK void task_free(struct task *task)
{
	ASSERT(task->nr_threads == 0, "task %s ends with %u threads", task->name, task->nr_threads);
	withdraw(task);
	budget_uncharge(task->budget, TASK_PAGES);
	free_parts(task);
}

u64 task_count(void)
{
	return __atomic_load_n(&existing, __ATOMIC_ACQUIRE); /* pairs with free_parts() */
}

bool task_has_ended(struct task *task)
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

	wait_event(&task->ended, task_has_ended(task));
	spin_lock(&task->lock);
	status = task->status;
	spin_unlock(&task->lock);
	return status;
}

int task_wait_killable(struct task *task, u64 deadline, int *status)
{
	const struct user_thread *me = current->user;
	int err = wait_event_timeout(&task->ended, task_has_ended(task) || user_thread_killed(me),
				     deadline);

	if (err == 0 && !task_has_ended(task))
		return -EINTR;
	spin_lock(&task->lock);
	*status = task->status;
	spin_unlock(&task->lock);
	return err;
}

bool task_started(struct task *task)
{
	bool started;

	spin_lock(&task->lock);
	started = task->started;
	spin_unlock(&task->lock);
	return started;
}
