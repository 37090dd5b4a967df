/* SPDX-License-Identifier: MIT */
/*
 * tests/user_crowd.c - thousands of tasks are alive at once, each with a thread that waits for a
 * call; what each costs in memory, by item; and all of it comes back.
 */
#include "kernel/abi.h"
#include "kernel/ipc.h"
#include "lib/err.h"
#include "mm/counters.h"
#include "mm/kspace.h"
#include "mm/mm.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/slab.h"
#include "tests/account.h"
#include "tests/storm.h"
#include "tests/user_check.h"
#include "tests/user_pair.h"

USER_PROGRAM(takes_and_ends);

#define CROWD_MAX 4000u
#define FEW	  50u
#define KEPT	  8u /* an eighth of all memory stays free */

struct crowd {
	struct task **tasks;
	struct endpoint *ep;
	u32 n;
	u64 mm_pages, table_pages; /* of all address spaces */
};

static u64 free_now(u64 *total)
{
	struct page_alloc_stats k, u;

	page_alloc_stats(ZONE_KERNEL, &k);
	page_alloc_stats(ZONE_USER, &u);
	*total = k.total + u.total;
	return k.free + k.pcp + u.free + u.pcp;
}

static bool there_is_room(void)
{
	u64 total, free = free_now(&total);

	return free > total / KEPT && !page_alloc_is_low();
}

static bool add_one(struct test *t, struct crowd *c)
{
	struct task *task = user_task(t, "crowd", USER_CODE(takes_and_ends));
	u64 handle;

	if (task == NULL)
		return false;
	c->tasks[c->n++] = task;
	handle = user_task_handle(t, task, c->ep, RIGHT_RECEIVE);
	return user_task_start(t, task, handle, ANY_USER_CPU);
}

static void sum_up(struct crowd *c)
{
	for (u32 i = 0; i < c->n; i++) {
		struct mm *mm = c->tasks[i]->mm;

		spin_lock(&mm->lock);
		c->mm_pages += mm->pages;
		c->table_pages += mm->table_pages;
		spin_unlock(&mm->lock);
	}
}

static void end_all(struct test *t, struct crowd *c)
{
	for (u32 i = 0; i < c->n; i++)
		task_kill(c->tasks[i]);
	for (u32 i = 0; i < c->n; i++)
		EXPECT_EQ(t, user_task_end(c->tasks[i]), -EINTR);
}

static void run_crowd(struct test *t, struct crowd *c, u32 most)
{
	struct storm_clock clock;
	u64 total, before = free_now(&total), taken, pgds = pgd_pages_now();

	storm_start(&clock, most);
	while (c->n < most && storm_step_due(&clock) && there_is_room() && add_one(t, c))
		;
	while (!user_endpoint_has(c->ep, 0, c->n))
		sleep_ns(A_MOMENT);
	taken = before - free_now(&total);
	sum_up(c);
	test_note(
		"%u tasks, %lu pages: %lu.%02lu each: user pages %lu, page tables %lu, stack %lu; "
		"PGDs of all %lu",
		c->n, taken, taken / c->n, taken * 100 / c->n % 100, c->mm_pages / c->n,
		c->table_pages / c->n, KERNEL_STACK_SIZE / PAGE_SIZE, pgd_pages_now() - pgds);
	end_all(t, c);
}

static void make_and_end(struct test *t, u32 most)
{
	struct crowd c = { .tasks = kmalloc(CROWD_MAX * sizeof(struct task *)),
			   .ep = endpoint_create() };

	EXPECT(t, c.tasks != NULL && c.ep != NULL, "out of memory");
	if (c.tasks != NULL && c.ep != NULL)
		run_crowd(t, &c, most);
	if (c.ep != NULL)
		kobj_put(&c.ep->kobj);
	kfree(c.tasks);
}

/* As many as there is time for: stress=20 makes all 4000. */
TEST("user.crowd", many_tasks_wait)
{
	u64 tasks = task_count(), before;

	make_and_end(t, FEW); /* caches have what they keep */
	before = user_pages_left(tasks);
	make_and_end(t, CROWD_MAX);
	EXPECT_EQ(t, user_pages_left(tasks), before);
}
