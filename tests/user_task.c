/* SPDX-License-Identifier: MIT */
/*
 * tests/user_task.c - see user_task.h.
 */
#include "tests/user_task.h"
#include "lib/err.h"
#include "tests/user_memory.h"

bool user_task_fill(struct task *task, const u8 *code, size_t size)
{
	bool good;

	if (map_anon(task->mm, USER_CODE_AT, PAGE_SIZE, RW | REGION_EXEC) != 0 ||
	    map_anon(task->mm, USER_DATA_AT, PAGE_SIZE, RW) != 0)
		return false;
	kthread_use_mm(task->mm);
	good = copy_to_user(USER_CODE_AT, code, size) == 0;
	kthread_unuse_mm();
	return good && mm_protect(task->mm, USER_CODE_AT, USER_CODE_AT + PAGE_SIZE,
				  REGION_READ | REGION_EXEC) == 0;
}

struct task *user_task(struct test *t, const char *name, const u8 *code, size_t size)
{
	struct task *task = task_create(name);

	EXPECT(t, task != NULL, "no memory for a task");
	if (task == NULL || user_task_fill(task, code, size))
		return task;
	EXPECT(t, false, "no memory for a program");
	kobj_put(&task->kobj);
	return NULL;
}

bool user_task_start_at(struct test *t, struct task *task, u64 arg, u32 cpu, u32 priority)
{
	int err = task_start_thread(task, &(struct user_start){ .rip = USER_CODE_AT,
								.rsp = USER_STACK_AT,
								.arg = arg,
								.cpu = cpu,
								.priority = priority });

	EXPECT_EQ(t, err, 0);
	return err == 0;
}

bool user_task_start(struct test *t, struct task *task, u64 arg, u32 cpu)
{
	return user_task_start_at(t, task, arg, cpu, 0);
}

u64 user_task_give(struct test *t, struct task *task, struct kobj *object, u32 rights)
{
	s64 handle;

	kobj_get(object);
	handle = handle_add(&task->handles, object, rights);
	EXPECT(t, handle > 0, "handle_add: %ld", handle);
	if (handle < 0)
		kobj_put(object);
	return (u64)handle;
}

int user_task_end(struct task *task)
{
	int status = task_wait(task);

	kobj_put(&task->kobj);
	return status;
}

int user_task_run(struct test *t, const char *name, const u8 *code, size_t size, u64 arg)
{
	struct task *task = user_task(t, name, code, size);

	if (task == NULL)
		return -ENOMEM;
	user_task_start(t, task, arg, ANY_USER_CPU);
	return user_task_end(task);
}
