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

static int start(struct task *task, const void *file, size_t size, const struct exec_args *args)
{
	struct user_start start = { .cpu = ANY_USER_CPU };
	int err = task_load(task, file, size, args);
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

/* 0, and the program has ended with *@status; or an error, and it was not started. */
static int run(const char *name, const void *file, size_t size, const struct exec_args *args,
	       int *status)
{
	struct task *task = task_create(name);
	int err;

	if (task == NULL)
		return -ENOMEM;
	err = start(task, file, size, args);
	if (err == 0)
		*status = task_wait(task);
	kobj_put(&task->kobj);
	return err;
}

/* @args: its name, and what else it is told. */
static bool run_program(const struct exec_args *args)
{
	const char *name = args->text;
	char path[PATH_MAX];
	const void *file;
	int err, status;
	size_t size;

	format(path, sizeof(path), "bin/%s", name);
	if (archive_find(path, &file, &size) != 0) {
		printk("init: %s is not in the boot archive\n", path);
		return false;
	}
	err = run(name, file, size, args, &status);
	if (err) {
		printk("init: %s cannot be started: %s\n", path, err_name(err));
		return false;
	}
	printk("init: %s has ended, status %d\n", path, status);
	return status == 0;
}

bool init_task_run(const char *words)
{
	struct exec_args args;
	int err = exec_args_split(&args, words);

	if (err == 0 && args.count != 0)
		return run_program(&args);
	printk("init: '%s' cannot be started: %s\n", words, err_name(err ? err : -EINVAL));
	return false;
}
