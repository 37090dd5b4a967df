/* SPDX-License-Identifier: MIT */
/*
 * tests/user_program.c - programs of the boot archive run in tasks.
 */
#include "kernel/archive.h"
#include "kernel/exec.h"
#include "lib/err.h"
#include "tests/user_program.h"
#include "tests/user_task.h"

void user_program_run(struct test *t, const char *name)
{
	struct exec_image image;
	char why[EXEC_WHY_MAX] = "";
	const void *file;
	struct task *task;
	size_t size;
	int err;

	if (archive_find(name, &file, &size) == -ENOENT) {
		test_skip(t, "no boot archive");
		return;
	}
	task = task_create(name);
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

TEST("user.program", hello)
{
	user_program_run(t, "bin/hello");
}
