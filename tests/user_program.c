/* SPDX-License-Identifier: MIT */
/*
 * tests/user_program.c - a program of the boot archive runs in a task.
 */
#include "kernel/archive.h"
#include "kernel/exec.h"
#include "lib/err.h"
#include "tests/user_task.h"

TEST("user.program", hello)
{
	struct exec_image image;
	char why[EXEC_WHY_MAX] = "";
	const void *file;
	struct task *task;
	size_t size;
	int err;

	if (archive_find("bin/hello", &file, &size) == -ENOENT) {
		test_skip(t, "no boot archive");
		return;
	}
	task = task_create("hello");
	if (task == NULL) {
		EXPECT(t, false, "no memory for a task");
		return;
	}
	err = exec_load(task->mm, file, size, &image, why, sizeof(why));
	EXPECT(t, err == 0, "%s", why);
	if (err == 0)
		err = task_start_thread(task, &(struct user_start){ .rip = image.entry,
								    .rsp = image.stack,
								    .cpu = ANY_USER_CPU });
	EXPECT_EQ(t, err, 0);
	EXPECT_EQ(t, user_task_end(task), 0);
}
