/* SPDX-License-Identifier: MIT */
/*
 * tests/user_check.c - see user_check.h; and the checks that need nothing else.
 */
#include "arch/x86_64/time.h"
#include "kernel/abi.h"
#include "kernel/archive.h"
#include "kernel/wait.h"
#include "kernel/system.h"
#include "mm/pgtable.h"
#include "lib/err.h"
#include "lib/format.h"
#include "tests/account.h"
#include "tests/user_check.h"

#define PATH_MAX    64
#define CHECK_PAGES 2048u
#define WARM_ROUNDS 3u

struct task *user_check_load(struct test *t, const char *name, u64 pages)
{
	char path[PATH_MAX], why[EXEC_WHY_MAX] = "out of memory";
	const void *file;
	struct task *task;
	size_t size;

	format(path, sizeof(path), "bin/%s", name);
	if (archive_find(path, &file, &size) == -ENOENT) {
		test_skip(t, "no boot archive");
		return NULL;
	}
	task = task_create_limited(name, pages, NULL);
	if (task != NULL && exec_load(task->mm, file, size, &task->image, why, sizeof(why)) == 0)
		return task;
	EXPECT(t, false, "%s: %s", name, why);
	if (task != NULL)
		kobj_put(&task->kobj);
	return NULL;
}

void user_check_start(struct test *t, struct task *task, u64 arg)
{
	struct user_start start = {
		.rip = task->image.entry, .rsp = task->image.stack, .arg = arg, .cpu = ANY_USER_CPU
	};

	EXPECT_EQ(t, task_start_thread(task, &start), 0);
}

int user_check_run(struct test *t, struct task *task, u64 arg)
{
	user_check_start(t, task, arg);
	return user_task_end(task);
}

void user_check(struct test *t, const char *name, struct kobj *object, u32 rights)
{
	struct task *task = user_check_load(t, name, CHECK_PAGES);
	u64 handle = 0;

	if (task == NULL)
		return;
	if (object != NULL)
		handle = user_task_give(t, task, object, rights);
	EXPECT_EQ(t, user_check_run(t, task, handle), 0);
}

u64 user_pages_left(u64 tasks)
{
	struct account a;

	while (task_count() > tasks)
		sleep_ns(A_MOMENT);
	a = account();
	return a.free + a.pgds + a.records + pgtable_pages();
}

u64 user_last_id(void)
{
	struct task *task;
	u64 id = 0;

	while ((task = task_next(id)) != NULL) {
		id = task->id;
		kobj_put(&task->kobj);
	}
	return id;
}

void user_end_all_above(u64 id, u64 tasks)
{
	while (task_count() > tasks) {
		task_kill_after(id);
		sleep_ns(NS_PER_MS);
	}
}

/* Are as many pages free, or kept, as @before? */
static void expect_pages(struct test *t, u64 tasks, u64 before)
{
	u64 after = user_pages_left(tasks);

	EXPECT_EQ(t, after, before);
	test_note("before and after: %lu, %lu pages free or kept", before, after);
}

void user_check_rounds(struct test *t, u64 rounds, storm_round *round)
{
	struct rand r = test_rand(t);
	u64 tasks = task_count(), before;

	for (u32 i = 0; i < WARM_ROUNDS; i++)
		if (!round(t, &r, NULL))
			return;
	before = user_pages_left(tasks);
	storm_rounds(t, rounds, round, NULL);
	expect_pages(t, tasks, before);
}

void user_check_often(struct test *t, const char *name, struct kobj *object, u32 rights)
{
	u64 tasks = task_count(), before;

	user_check(t, name, object, rights);
	user_check(t, name, object, rights);
	before = user_pages_left(tasks);
	user_check(t, name, object, rights);
	expect_pages(t, tasks, before);
}

TEST("user.task_calls", arguments_of_all_kinds)
{
	user_check_often(t, "check_tasks", &system_object, RIGHT_INSPECT | RIGHT_DUPLICATE);
}

TEST("user.memory", shared_and_private)
{
	user_check_often(t, "check_memory", NULL, 0);
}

TEST("user.revoke", from_who_uses_waits_sends_and_copies)
{
	user_check_often(t, "check_revoke", NULL, 0);
}

TEST("user.handles_in_messages", with_calls_and_replies)
{
	user_check_often(t, "check_handles", NULL, 0);
}
