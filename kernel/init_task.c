/* SPDX-License-Identifier: MIT */
/*
 * kernel/init_task.c - see init_task.h.
 */
#include "kernel/init_task.h"
#include "kernel/abi.h"
#include "kernel/archive.h"
#include "kernel/sys_task.h"
#include "kernel/system.h"
#include "kernel/task.h"
#include "lib/err.h"
#include "lib/format.h"
#include "lib/log.h"

#define PATH_MAX 64
#define SYSTEM_RIGHTS                                                                              \
	(RIGHT_INSPECT | RIGHT_IRQ | RIGHT_PORTS | RIGHT_POWER | RIGHT_CPUS | RIGHT_SCREEN |       \
	 RIGHT_DUPLICATE)

static int start(struct task *task, const void *file, size_t size)
{
	struct user_start start = { .cpu = ANY_USER_CPU };
	int err = task_load(task, file, size);
	s64 handle;

	if (err)
		return err;
	kobj_get(&system_object);
	handle = handle_add_or_put(&task->handles, &system_object, SYSTEM_RIGHTS);
	if (handle < 0)
		return (int)handle;
	start.rip = task->image.entry;
	start.rsp = task->image.stack;
	start.arg = (u64)handle;
	return task_start_thread(task, &start);
}

void init_task_run(const char *name)
{
	char path[PATH_MAX];
	const void *file;
	struct task *task;
	size_t size;
	int err;

	format(path, sizeof(path), "bin/%s", name);
	err = archive_find(path, &file, &size);
	if (err) {
		printk("init: %s is not in the boot archive\n", path);
		return;
	}
	task = task_create(name);
	err = task != NULL ? start(task, file, size) : -ENOMEM;
	if (err)
		printk("init: %s cannot be started: %s\n", path, err_name(err));
	else
		printk("init: %s has ended, status %d\n", path, task_wait(task));
	if (task != NULL)
		kobj_put(&task->kobj);
}
